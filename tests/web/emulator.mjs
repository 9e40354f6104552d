/*
 * emulator.mjs - the kernel and the disk image that QEMU boots, in the emulator v86 without a browser: one processor,
 * no firmware, the PC's old interrupt controller and clock.
 *
 *   node emulator.mjs BUILD MODULES
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { done, ok, until } from "./tap.mjs";

const [build, modules] = process.argv.slice(2);
const v86 = join(modules, "v86", "build");
const { V86 } = await import(pathToFileURL(join(v86, "libv86.mjs")));

function image(path) {
    const bytes = readFileSync(path);
    return { buffer: bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length) };
}

/* A machine, and what it has written to its console since the last command. */
class Machine {
    text = "";
    feed = ""; // what came from the third port
    off = false;

    constructor(options) {
        this.emulator = new V86({
            wasm_path: join(v86, "v86.wasm"), multiboot: image(join(build, "kernel.elf")), memory_size: 64 << 20,
            autostart: true,
            disable_keyboard: true, disable_mouse: true, disable_speaker: true, ...options,
        });
        this.emulator.add_listener("serial0-output-byte", byte => { this.text += String.fromCharCode(byte); });
        this.emulator.add_listener("serial2-output-byte", byte => { this.feed += String.fromCharCode(byte); });
    }

    /* Types a line, and resolves to what came after it when the prompt is back. */
    async answer(line) {
        this.text = "";
        this.emulator.serial0_send(`${line}\n`);
        const plain = () => this.text.replaceAll("\r", "").replace(/\x1b\[[0-9;?]*[A-Za-z]/g, "");
        const after = () => plain().split("\n").slice(1).join("\n");
        await until(() => /^\$ /m.test(after()));
        return after();
    }
}

/* A machine that powers off ends by an exception: it is thrown from the emulator's own turn. */
let machine = null;
process.on("uncaughtException", error => {
    if (error === "HALT")
        machine.off = true;
    else
        ok(false, "the emulator goes on", error?.stack ?? error);
});
console.log = (write => (...words) => /^(Test exited|%c)/.test(words[0]) || write(...words))(console.log);

for (const [place, disk] of [["as the boot module", "initrd"], ["on an IDE disk", "hda"]]) {
    const feeds = disk === "initrd";
    machine = new Machine({ [disk]: image(join(build, "fs.img")), uart2: feeds, cmdline: feeds ? "watch=on" : "" });
    ok(await until(() => machine.text.endsWith("$ ")), `the system boots with its files ${place}`, machine.text);
    const list = await machine.answer("ls");
    ok(/^mathserver /m.test(list), `ls lists them`, list);
    await machine.answer("mathserver &");
    const client = await machine.answer("mathclient -c /share/problems.txt");
    ok(/^(\d+) of \1 right$/m.test(client), "the Math Server answers its client", client);
    if (feeds)
        ok(await until(() => /^KSM-FEED 1 .*\n[^]*^A \d+ [0-9a-f]+ rw$[^]*^Z \d+ /m.test(machine.feed)),
            "the feed shows the server's attachment", machine.feed);
    const before = machine.emulator.get_instruction_counter(), began = performance.now();
    await new Promise(resolve => setTimeout(resolve, 1000));
    const idle = (machine.emulator.get_instruction_counter() - before >>> 0) / (performance.now() - began) * 1000;
    ok(idle < 5e6, "with nothing to do it halts the processor", `${Math.round(idle)} instructions in a second`);
    machine.emulator.serial0_send("halt\n");
    ok(await until(() => machine.off), "halt powers off", machine.text);
    machine.emulator.destroy();
}
done();
