// Events, sizes and states in words.

const SIZES = ["bytes", "KB", "MB", "GB"];

export function size(bytes) {
    let unit = 0;
    while (bytes >= 1024 && unit < SIZES.length - 1) {
        bytes /= 1024;
        unit++;
    }
    return `${bytes >= 10 || Number.isInteger(bytes) ? Math.round(bytes) : bytes.toFixed(1)} ${SIZES[unit]}`;
}

export const hex = value => value.toString(16);
export const seconds = time => (time / 1e6).toFixed(3);
export const access = letters => letters === "r" ? "read-only" : "read-write";

// The calls by their numbers, as in include/syscall.tbl.
export const CALLS = {
    1: "fork", 2: "exit", 3: "wait", 4: "pipe", 5: "read", 6: "kill", 7: "exec", 8: "fstat", 9: "chdir", 10: "dup",
    11: "getpid", 12: "sbrk", 13: "sleep", 14: "uptime", 15: "open", 16: "write", 17: "mknod", 18: "unlink",
    19: "link", 20: "mkdir", 21: "close", 512: "exits", 513: "waits", 514: "sync", 515: "halt", 516: "procinfo",
    517: "procnext", 518: "foreground", 519: "bootarg", 520: "ksmget", 521: "ksmattach", 522: "ksmdetach",
    523: "ksmdetachat", 524: "ksmdelete", 525: "ksminfo", 526: "pgused", 527: "ksmwait", 528: "ksmwake", 529: "debug",
    530: "ksmwaitpeer", 531: "lseek", 532: "killjob", 533: "sysinfo", 534: "consolectl", 535: "rename",
    536: "ksmname",
};

export function callName(call) {
    return call ? `in ${CALLS[call] ?? `call ${call}`}` : "in the kernel";
}

const ERRORS = { "-2": "an error", "-11": "a bad pointer", "-13": "look again", "-14": "the ticks ran out" };
const place = (history, e) => `${history.segmentName(e.id)}+${hex(e.offset)}`;

const SENTENCES = {
    fork: (h, e) => `forked ${h.nameOf(e.child)}`,
    exec: (h, e) => `runs ${e.name} from now on`,
    exit: (h, e) => e.status === -1 ? "was killed" : `ended with status ${e.status}`,
    create: (h, e) => `created ${h.segmentName(e.id)}, ${size(e.bytes)}`,
    attach: (h, e) => `attached ${h.segmentName(e.id)} ${access(e.access)} at ${hex(e.address)}`,
    detach: (h, e) => `detached ${h.segmentName(e.id)} from ${hex(e.address)}`,
    delete: (h, e) => `marked ${h.segmentName(e.id)} for deletion`,
    fault: (h, e) => e.address === null ? `caused fault ${e.trap} at instruction ${hex(e.instruction)}`
        : `must not ${e.write === "w" ? "write" : "read"} ${hex(e.address)} (instruction ${hex(e.instruction)})`,
    wait: (h, e) => `waits for a change of ${place(h, e)}`,
    lock: (h, e) => `waits for the lock ${place(h, e)}, which ${h.nameOf(e.holder)} holds`,
    woke: (h, e) => e.result === 0 ? "was woken" : `stopped waiting: ${ERRORS[e.result] ?? `error ${e.result}`}`,
    wake: (h, e) => `woke ${e.count} at ${place(h, e)}`,
};

// A sentence, or null for what is too frequent to be told.
export function describe(history, event) {
    if (event.kind === "L")
        return `processor ${event.cpu}: ${event.count} events were lost`;
    const sentence = event.kind === "E" && SENTENCES[event.event]?.(history, event);
    if (!sentence)
        return null;
    return `${event.pid > 0 ? history.nameOf(event.pid) : "the kernel"} ${sentence}`;
}

// What a process does, and on what it sleeps.
export function doing(history, process) {
    if (process.wait)
        return process.wait.holder
            ? `waits for ${history.nameOf(process.wait.holder)}'s lock ${place(history, process.wait)}`
            : `waits for ${place(history, process.wait)}`;
    switch (process.state) {
    case "run": return `runs on processor ${process.cpu}`;
    case "sleep": return `sleeps ${callName(process.call)}`;
    case "ready": return "is ready to run";
    case "dead": return "has ended";
    case "lost": return "did something whose events were lost";
    default: return "is being made";
    }
}
