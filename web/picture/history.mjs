// What the feed has reported so far: frames and events, and from them the state at any moment and the lanes of the time
// line.

import { after } from "./sorted.mjs";

const KEPT = 10 * 60 * 1e6; // microseconds that one can go back
// What is kept, whatever the times in a recording that somebody may have forged.
const MOST_EVENTS = 200000;
const MOST_FRAMES = 20000;
const MOST_NAMED = 20000;    // processes, and segments' names
const MOST_PROCESSES = 4096; // at one moment; no system has as many
const MOST_ATTACHED = 16384; // to one segment

// The oldest makes room for one that is too many.
function keep(map, key, value) {
    if (map.size >= MOST_NAMED && !map.has(key))
        map.delete(map.keys().next().value);
    map.set(key, value);
}

// In the order of times; lines come nearly in it.
function insert(list, item) {
    list.splice(after(list, item.time), 0, item);
}

// What became of a process that left a processor; "lost" when events are missing: nobody knows.
function stateAfter(left) {
    const state = { r: "ready", x: "dead", lost: "lost" }[left] ?? "sleep";
    return { state, call: state === "sleep" ? Number(left.slice(1)) : null };
}

export class History {
    constructor() {
        this.clear("");
    }

    clear(kernel) {
        this.kernel = kernel;
        this.frames = [];
        this.events = [];
        this.cpus = [];             // for each, [{time, pid}]: who ran from then on
        this.processes = new Map(); // pid -> {pid, name, changes: [{time, state, cpu, call}]}
        this.heard = [];            // when each processor's last event was
        this.names = new Map();     // identifier -> the segment's name
        this.lost = 0;
    }

    get first() {
        return Math.min(this.frames[0]?.time ?? Infinity, this.events[0]?.time ?? Infinity);
    }

    get last() {
        return Math.max(this.frames.at(-1)?.time ?? 0, this.events.at(-1)?.time ?? 0);
    }

    addFrame(frame) {
        insert(this.frames, frame);
        this.lost = frame.totals.lost;
        for (const segment of frame.segments) {
            if (segment.name)
                keep(this.names, segment.id, segment.name);
        }
        const seen = new Map(frame.processes.map(p => [p.pid, p]));
        for (const p of frame.processes)
            this.lane(p.pid).name = p.name;
        for (const { pid, changes } of this.processes.values()) {
            const now = changes.at(-1);
            const { state, cpu, call } = seen.get(pid) ?? { state: "dead", cpu: null, call: null };
            if (!now || (now.time <= frame.time && now.state !== state))
                changes.push({ time: frame.time, state, cpu, call });
        }
        for (const { cpu, pid } of frame.cpus) {
            const runs = this.cpus[cpu] ??= [];
            if (!runs.length || (runs.at(-1).time <= frame.time && runs.at(-1).pid !== pid))
                runs.push({ time: frame.time, pid });
        }
        this.trim();
    }

    addEvent(event) {
        insert(this.events, event);
        if (event.kind === "R")
            this.addSwitch(event);
        else if (event.kind === "L") // lost since the processor's last line
            this.addSwitch({ ...event, time: this.heard[event.cpu] ?? event.time, pid: 0, left: "lost" });
        else if (event.event === "fork")
            this.lane(event.child).name = this.lane(event.pid).name;
        else if (event.event === "exec")
            this.lane(event.pid).name = event.name;
        this.heard[event.cpu] = event.time;
        if (this.events.length > MOST_EVENTS)
            this.trim();
    }

    lane(pid) {
        let lane = this.processes.get(pid);
        if (!lane)
            keep(this.processes, pid, lane = { pid, name: "", changes: [] });
        return lane;
    }

    addSwitch({ time, cpu, pid, left }) {
        const runs = this.cpus[cpu] ??= [];
        const before = runs[after(runs, time) - 1]?.pid ?? 0;
        if (before > 0 && left !== "-") {
            const { state, call } = stateAfter(left);
            insert(this.lane(before).changes, { time, state, cpu: null, call });
        }
        if (pid > 0)
            insert(this.lane(pid).changes, { time, state: "run", cpu, call: null });
        insert(runs, { time, pid });
    }

    // What is older than one can go back to goes.
    trim() {
        let begin = this.last - KEPT;
        for (const [list, most] of [[this.events, MOST_EVENTS], [this.frames, MOST_FRAMES]]) {
            if (list.length > most)
                begin = Math.max(begin, list[list.length - most * 3 / 4].time);
        }
        if (begin < this.first)
            return;
        const cut = list => list.splice(0, Math.max(after(list, begin) - 1, 0));
        cut(this.frames);
        cut(this.events);
        this.cpus.forEach(cut);
        for (const [pid, lane] of this.processes) {
            cut(lane.changes);
            if (lane.changes.length <= 1 && lane.changes[0]?.state === "dead" && lane.changes[0].time < begin)
                this.processes.delete(pid);
        }
    }

    // The last frame before a moment, and what the events between say.  Before the first frame, what the events say.
    at(time) {
        const frame = this.frames[after(this.frames, time) - 1] ?? NOTHING;
        const state = {
            time, totals: { ...frame.totals }, cpus: frame.cpus.map(c => ({ ...c })),
            processes: new Map(frame.processes.map(p => [p.pid, { ...p }])),
            segments: new Map(frame.segments.map(s => [s.id, { ...s, attached: s.attached.map(a => ({ ...a })) }])),
        };
        for (let i = after(this.events, frame.time); i < this.events.length && this.events[i].time <= time; i++)
            apply(state, this.events[i]);
        return state;
    }

    nameOf(pid) {
        const name = this.processes.get(pid)?.name;
        return name ? `${name} ${pid}` : `process ${pid}`;
    }

    segmentName(id) {
        return id === null ? "private memory" : this.names.get(id) ?? id.toString(16);
    }
}

const NOTHING = { time: -1, totals: {}, cpus: [], processes: [], segments: [] };

// A process that is `young`: no frame has told of it yet.
function processOf(state, pid) {
    let process = state.processes.get(pid);
    if (!process) {
        process = {
            pid, parent: 0, state: "ready", cpu: null, call: null, guard: 0, stack: 0, brk: 0, name: "", wait: null,
            young: true,
        };
        if (state.processes.size < MOST_PROCESSES)
            state.processes.set(pid, process);
    }
    return process;
}

function removeAttachments(state, keep) {
    for (const [id, segment] of state.segments) {
        segment.attached = segment.attached.filter(keep(id));
        if (segment.state === "marked" && !segment.attached.length)
            state.segments.delete(id);
    }
}

const CHANGES = {
    fork(state, { pid, child }) {
        const parent = processOf(state, pid);
        if (state.processes.has(child) || state.processes.size >= MOST_PROCESSES)
            return;
        state.processes.set(child, {
            ...parent, pid: child, parent: pid, state: "ready", cpu: null, call: null, wait: null, young: true,
        });
        for (const segment of [...state.segments.values()].filter(s => s.attached.length < MOST_ATTACHED))
            segment.attached.push(...segment.attached.filter(a => a.pid === pid).map(a => ({ ...a, pid: child })));
    },
    exec(state, { pid, name }) {
        processOf(state, pid).name = name;
        removeAttachments(state, () => a => a.pid !== pid);
    },
    exit(state, { pid }) {
        const process = state.processes.get(pid);
        if (process?.young) // if its parent has waited for it, all is as before, and no frame comes to say so
            state.processes.delete(pid);
        else if (process)
            Object.assign(process, { state: "dead", cpu: null, call: null, wait: null, guard: 0, stack: 0, brk: 0 });
        removeAttachments(state, () => a => a.pid !== pid);
    },
    create(state, { id, handle, bytes, pid }) {
        state.segments.set(id, {
            id, handle, bytes, pages: Math.ceil(bytes / 4096), creator: pid, last: pid, state: "live", name: null,
            attached: [],
        });
    },
    attach(state, { id, pid, address, access }) {
        state.segments.get(id)?.attached.unshift({ pid, address, access });
    },
    detach(state, { id, pid, address }) {
        removeAttachments(state, of => a => of !== id || a.pid !== pid || a.address !== address);
    },
    delete(state, { id }) {
        const segment = state.segments.get(id);
        if (segment)
            segment.state = "marked";
        removeAttachments(state, () => () => true);
    },
    wait(state, { pid, id, address, offset, peer }) {
        const process = state.processes.get(pid);
        if (process)
            process.wait = { id, address, offset, peer, holder: null };
    },
    lock(state, { pid, id, address, offset, holder }) {
        const process = state.processes.get(pid);
        if (process)
            process.wait = { id, address, offset, peer: holder, holder };
    },
    woke(state, { pid }) {
        const process = state.processes.get(pid);
        if (process)
            process.wait = null;
    },
};

function applySwitch(state, { cpu, pid, left }) {
    let runs = state.cpus.find(c => c.cpu === cpu);
    if (!runs)
        state.cpus.push(runs = { cpu, pid: 0 });
    const before = state.processes.get(runs.pid);
    if (before?.state === "run" && left !== "-")
        Object.assign(before, stateAfter(left), { cpu: null });
    runs.pid = pid;
    if (pid > 0)
        Object.assign(processOf(state, pid), { state: "run", cpu, call: null, wait: null });
}

function apply(state, event) {
    if (event.kind === "R")
        applySwitch(state, event);
    else if (event.kind === "L")
        applySwitch(state, { ...event, pid: 0, left: "lost" });
    else if (event.kind === "E")
        CHANGES[event.event]?.(state, event);
}
