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
const GZIP = [0x1f, 0x8b];

let machine = null;

/* A file's bytes as a stream.  Some servers unpack what ends in .gz on the way: the first two bytes tell. */
async function unpacked(name) {
    const response = await fetch(new URL(name, import.meta.url));
    if (!response.ok)
        throw new Error(`the server has no ${name} (status ${response.status})`);
    const bytes = new Uint8Array(await response.arrayBuffer());
    const stream = new Blob([bytes]).stream();
    return bytes[0] === GZIP[0] && bytes[1] === GZIP[1] ? stream.pipeThrough(new DecompressionStream("gzip")) : stream;
}

async function buffer(name) {
    return { buffer: await new Response(await unpacked(name)).arrayBuffer() };
}

async function code(imports) {
    const response = new Response(await wasm, { headers: { "Content-Type": "application/wasm" } });
    try {
        return (await WebAssembly.instantiateStreaming(response, imports)).instance.exports;
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

function failed(error) {
    postMessage({ kind: "failed", why: String(error?.message ?? error) });
}

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
        machine?.serial_send_bytes(0, data.bytes);
});

const kernel = buffer("kernel.gz"), disk = buffer("disk.gz"), wasm = unpacked("lib/v86.gz");
