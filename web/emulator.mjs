/*
 * emulator.mjs - the computer: v86 in a worker of its own, so that a busy guest never makes the page wait.
 *
 * From the page:  { kind: "start", parameters }, { kind: "type", bytes }
 * To the page:    { kind: "running" } when the machine is switched on
 *                 { kind: "console" | "feed", bytes } what the guest has written, a few times a frame at most
 *                 { kind: "off" } the guest has powered off; { kind: "failed", why } it, or the emulator, broke
 *
 * There is no BIOS: v86 loads the kernel by the Multiboot protocol, and the disk image as the boot module.
 */
import { V86 } from "./lib/libv86.mjs";

const MEMORY = 64 << 20;
const BATCH_MS = 8; // between two messages with output
const LINE_BYTES = 92; // what a serial line of 115,200 bits a second takes meanwhile
const CTRL_C = 3;
const GZIP = "\x1f\x8b";

let machine = null;

const begins = (bytes, text) => [...text].every((letter, i) => bytes[i] === letter.charCodeAt(0));

async function fetched(name) {
    const response = await fetch(new URL(name, import.meta.url));
    if (!response.ok)
        throw new Error(`status ${response.status}`);
    return response;
}

/* A file.  Some servers unpack what ends in .gz on the way, and some send a page of theirs for what they lack. */
async function load(name, beginning) {
    try {
        const packed = new Uint8Array(await (await fetched(name)).arrayBuffer());
        const stream = new Blob([packed]).stream();
        const unpacked = begins(packed, GZIP) ? stream.pipeThrough(new DecompressionStream("gzip")) : stream;
        const buffer = await new Response(unpacked).arrayBuffer();
        if (!begins(new Uint8Array(buffer), beginning))
            throw new Error("the server sent something else");
        return { buffer };
    } catch (error) {
        throw new Error(`${name} could not be loaded (${error.message})`);
    }
}

async function code(imports) {
    const { buffer } = await wasm;
    try {
        return (await WebAssembly.instantiate(buffer, imports)).instance.exports;
    } catch (error) {
        throw new Error(`the browser refuses the emulator (${error.message})`);
    }
}

/* Collects what a serial port sends. */
function forward(port, kind) {
    let bytes = [];
    const flush = () => {
        postMessage({ kind, bytes: Uint8Array.from(bytes) });
        bytes = [];
    };
    machine.add_listener(`serial${port}-output-byte`, byte => {
        if (bytes.push(byte) === 1)
            setTimeout(flush, BATCH_MS);
    });
}

let typed = []; // pieces that wait for the line

/*
 * At the pace of a serial line, and not all at once, since the guest takes all that is there and has room for 8 KB.
 * Ctrl-C does not wait for what was pasted before.
 */
async function type(bytes) {
    const sends = typed.length > 0;
    if (bytes.includes(CTRL_C))
        typed = typed.slice(0, 1);
    for (let i = 0; i < bytes.length; i += LINE_BYTES)
        typed.push(bytes.subarray(i, i + LINE_BYTES));
    while (!sends && typed.length) {
        machine?.serial_send_bytes(0, typed[0]);
        await new Promise(resolve => setTimeout(resolve, BATCH_MS));
        typed.shift();
    }
}

async function start(parameters) {
    const [multiboot, initrd] = await Promise.all([kernel, disk]);
    machine = new V86({
        wasm_fn: code, multiboot, initrd, cmdline: parameters, memory_size: MEMORY, uart2: true, autostart: true,
        disable_keyboard: true, disable_mouse: true, disable_speaker: true,
    });
    forward(0, "console");
    forward(2, "feed");
    machine.add_listener("emulator-started", () => postMessage({ kind: "running" }));
}

let hasFailed = false; // what fails later comes of it

function failed(error) {
    if (!hasFailed)
        postMessage({ kind: "failed", why: String(error?.message ?? error) });
    hasFailed = true;
}

/* Without its own worker v86 would stand still, and say nothing. */
self.addEventListener("securitypolicyviolation", ({ effectiveDirective }) =>
    failed(`the server's Content-Security-Policy forbids what it needs (${effectiveDirective})`));

/* v86 ends a machine that powers off by throwing "HALT". */
self.addEventListener("error", event => {
    event.preventDefault();
    setTimeout(() => event.message.includes("HALT") ? postMessage({ kind: "off" }) : failed(event.message),
        BATCH_MS * 2);
});
self.addEventListener("unhandledrejection", event => {
    event.preventDefault();
    failed(event.reason);
});
self.addEventListener("message", ({ data }) => {
    if (data.kind === "start")
        start(data.parameters).catch(failed);
    else if (data.kind === "type")
        type(data.bytes);
});

const kernel = load("kernel.gz", "\x7fELF"), disk = load("disk.gz", ""), wasm = load("lib/v86.gz", "\0asm");
