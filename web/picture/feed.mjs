// The reader of the feed: lines of docs/feed.md in, frames and events out.
//
// It can start anywhere and survives anything: what is no record, or a frame that is not whole, is dropped and counted.

const VERSION = 1;
const LONGEST = 255;
const PROCESSORS = 256; // each has a lane of the picture
// More than any system has: of a frame that has more, a picture could not be drawn.
const MOST = { processes: 4096, segments: 65536, attached: 16384 };

const U32 = 0xffffffff;
const DECIMAL = /^(0|[1-9]\d{0,9})$/;
const SIGNED = /^-?(0|[1-9]\d{0,9})$/;
const HEX = /^(0|[1-9a-f][0-9a-f]{0,7})$/;
const number = text => DECIMAL.test(text) && Number(text) <= U32 ? Number(text) : undefined;
const signed = text => SIGNED.test(text) && Math.abs(Number(text)) <= 2 ** 31 ? Number(text) : undefined;
const hex = text => HEX.test(text) ? parseInt(text, 16) : undefined;
const processor = text => number(text) < PROCESSORS ? Number(text) : undefined;
const time = text => /^\d{1,14}$/.test(text) ? Number(text) : undefined;
const oneOf = (...words) => text => words.includes(text) ? text : undefined;
const optional = form => text => text === "-" ? null : form(text);
const left = text => /^([rx-]|s\d+)$/.test(text) ? text : undefined;

const decoder = new TextDecoder();

function escaped(text) {
    if (text === "%")
        return "";
    if (/%(?![0-9a-f]{2})/.test(text))
        return undefined;
    const bytes = text.replace(/%(..)/g, (_, digits) => String.fromCharCode(parseInt(digits, 16)));
    return decoder.decode(Uint8Array.from(bytes, c => c.charCodeAt(0)));
}

const word = { id: optional(hex), address: hex, offset: hex };
const RECORDS = {
    "KSM-FEED": { version: number, kernel: escaped },
    F: { version: number, number, time },
    T: { used: number, free: number, segments: number, pages: number, attachments: number, lost: number },
    C: { cpu: processor, pid: number },
    P: {
        pid: number, parent: number, state: oneOf("new", "run", "ready", "sleep", "dead"), cpu: optional(processor),
        job: number, start: number, call: optional(number), guard: hex, stack: hex, brk: hex, name: escaped,
    },
    W: { ...word, holder: optional(number), peer: signed },
    S: {
        id: hex, handle: number, bytes: number, pages: number, attachments: number, creator: number, last: number,
        state: oneOf("live", "marked"), name: optional(escaped),
    },
    A: { pid: number, address: hex, access: oneOf("r", "rw") },
    Z: { number, lines: number, sum: hex },
    R: { time, cpu: processor, pid: number, left },
    E: { time, cpu: processor, event: text => text, pid: signed },
    L: { time, cpu: processor, count: number },
};
const EVENTS = {
    fork: { child: number },
    exec: { name: escaped },
    exit: { status: signed },
    create: { id: hex, handle: number, bytes: number },
    attach: { id: hex, address: hex, access: oneOf("r", "rw") },
    detach: { id: hex, address: hex },
    delete: { id: hex },
    fault: { trap: number, code: hex, instruction: hex, address: optional(hex), write: oneOf("r", "w", "-") },
    wait: { ...word, peer: signed },
    lock: { ...word, holder: number },
    woke: { result: signed },
    wake: { id: optional(hex), address: hex, offset: hex, count: number },
};

// The fields by their forms; undefined: one has not its form, or too few are there.
function fields(words, from, forms) {
    const record = {};
    let i = from;
    for (const [name, form] of Object.entries(forms)) {
        const value = i < words.length ? form(words[i++]) : undefined;
        if (value === undefined)
            return undefined;
        record[name] = value;
    }
    return record;
}

// A line as a record {kind, ...}; null: of a kind that is not known, which may come later; undefined: damaged.
export function parseLine(line) {
    if (line.length > LONGEST || !/^[ -~]+$/.test(line))
        return undefined;
    const words = line.split(" ");
    const kind = words[0];
    if (words.includes("") || !Object.hasOwn(RECORDS, kind))
        return undefined;
    const record = fields(words, 1, RECORDS[kind]);
    if (!record)
        return undefined;
    record.kind = kind;
    if (kind !== "E")
        return record;
    if (!Object.hasOwn(EVENTS, record.event))
        return null;
    const rest = fields(words, 1 + Object.keys(RECORDS.E).length, EVENTS[record.event]);
    return rest && Object.assign(record, rest);
}

// FNV-1a.
function addToSum(sum, line) {
    for (let i = 0; i < line.length; i++)
        sum = Math.imul(sum ^ line.charCodeAt(i), 0x1000193);
    return Math.imul(sum ^ 10, 0x1000193);
}

export class FeedReader {
    // sink: an object with any of the functions
    //   greeting({version, kernel})   the system has started: forget all that was known
    //   frame(frame)                  whole: {number, time, totals, cpus, processes, segments, missing}
    //   event(event)                  {kind: "R", "E" or "L", ...}
    //   damage(sentence)              something was dropped
    constructor(sink) {
        this.sink = sink;
        this.rest = "";       // the beginning of a line
        this.started = false; // at a line's beginning
        this.version = VERSION;
        this.last = null;     // number of the last frame
        this.frame = null;    // the one that is being read
    }

    push(text) {
        const lines = (this.rest + text).split("\n");
        this.rest = lines.pop().slice(-2 * LONGEST);
        for (const line of lines)
            this.line(line);
    }

    tell(what, ...values) {
        this.sink[what]?.(...values);
    }

    damage(sentence) {
        if (this.frame)
            sentence += "; a frame is dropped";
        this.frame = null;
        this.tell("damage", sentence);
    }

    line(line) {
        const greeting = line.indexOf("KSM-FEED "); // a boot loader's bytes may precede the first
        const record = parseLine(greeting > 0 && this.last === null ? line.slice(greeting) : line);
        if (record?.kind === "KSM-FEED")
            return this.greet(record);
        if (record?.kind === "F")
            this.version = record.version;
        if (this.version !== VERSION)
            return undefined;
        if (record === undefined)
            return this.started ? this.damage("a line is no record") : undefined;
        this.started = true;
        if (record === null)
            return undefined;
        if (record.kind === "R" || record.kind === "E" || record.kind === "L")
            return this.tell("event", record);
        return this.frameLine(record, line);
    }

    greet(record) {
        this.version = record.version;
        this.frame = null;
        this.last = null;
        this.started = true;
        if (record.version !== VERSION)
            this.damage(`the feed has version ${record.version}, and only version ${VERSION} is known here`);
        else
            this.tell("greeting", record);
    }

    frameLine(record, line) {
        if (record.kind === "F") {
            if (this.frame)
                this.damage("a frame has no end");
            this.frame = {
                number: record.number, time: record.time, totals: null, cpus: [], processes: [], segments: [],
            };
            this.lines = 1;
            this.sum = addToSum(0x811c9dc5, line);
            this.above = "F";
            return;
        }
        if (!this.frame)
            return;
        if (record.kind === "Z") {
            this.finish(record);
        } else if (this.add(record)) {
            this.lines++;
            this.sum = addToSum(this.sum, line);
        } else {
            this.damage(`a line ${record.kind} is out of place`);
        }
    }

    // false: it does not belong here.
    add(record) {
        const { frame, above } = this;
        this.above = record.kind;
        if (frame.processes.length > MOST.processes || frame.segments.length > MOST.segments ||
            frame.segments.at(-1)?.attached.length > MOST.attached)
            return false;
        switch (record.kind) {
        case "T":
            frame.totals = record;
            return true;
        case "C":
            frame.cpus.push(record);
            return true;
        case "P":
            frame.processes.push({ ...record, wait: null });
            return true;
        case "W":
            if (above === "P")
                frame.processes.at(-1).wait = record;
            return above === "P";
        case "S":
            frame.segments.push({ ...record, attached: [] });
            return true;
        case "A":
            if (above === "S" || above === "A")
                frame.segments.at(-1).attached.push(record);
            return above === "S" || above === "A";
        default:
            return false;
        }
    }

    finish(end) {
        const { frame } = this;
        const whole = frame.totals && frame.segments.every(s => s.attached.length === s.attachments);
        if (end.number !== frame.number || end.lines !== this.lines || end.sum !== this.sum >>> 0 || !whole) {
            this.damage("a frame's end does not fit it");
            return;
        }
        this.frame = null;
        if (frame.number === 1 && this.last !== null && this.last !== 0)
            this.tell("greeting", { version: VERSION, kernel: "" });
        else if (this.last !== null && frame.number !== this.last + 1)
            frame.missing = Math.max(frame.number - this.last - 1, 0);
        this.last = frame.number;
        this.tell("frame", frame);
    }
}
