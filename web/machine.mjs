/*
 * machine.mjs - the page's side of the computer: switches it on and off, types at it, and passes on what it writes.
 */

export class Machine {
    #worker = null;
    #on;

    /* on: functions by the kinds of messages of emulator.mjs, and `loading`. */
    constructor(on) {
        this.#on = on;
    }

    start(parameters) {
        this.#worker?.terminate();
        this.#on.loading();
        const worker = this.#worker = new Worker(new URL("emulator.mjs", import.meta.url), { type: "module" });
        worker.addEventListener("message", ({ data }) => {
            if (worker === this.#worker)
                this.#on[data.kind](data.bytes ?? data.why);
        });
        worker.addEventListener("error", event => { // a module of it could not be loaded
            event.preventDefault();
            if (worker === this.#worker)
                this.#on.failed(event.message || "a part of this page could not be loaded");
        });
        worker.postMessage({ kind: "start", parameters });
    }

    type(text) {
        this.#worker?.postMessage({ kind: "type", bytes: new TextEncoder().encode(text) });
    }
}
