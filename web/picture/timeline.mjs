// The picture of time, on a canvas: a lane for each processor and each process, what happened in it, and the totals.

import { color, hue } from "./color.mjs";
import { after } from "./sorted.mjs";
import { callName, describe, doing, seconds } from "./words.mjs";

const MOST_LANES = 1000; // of processes; no browser has a canvas of any height
const LANE = 18, GAP = 4, NAMES = 128, AXIS = 20, GRAPH = 44;
const GRAPHS = [["used", "frames in use"], ["pages", "shared pages"], ["attachments", "attachments"]];
// For each event: its mark, its colour, and what the key calls it.
export const MARKS = {
    fork: ["Y", "plain", "fork"],
    exec: ["▶", "plain", "exec"],
    exit: ["■", "plain", "exit"],
    create: ["✚", "good", "segment created"],
    attach: ["▲", "good", "attached"],
    detach: ["▽", "plain", "detached"],
    delete: ["✂", "bad", "marked for deletion"],
    fault: ["✖", "bad", "fault"],
    wait: ["(", "plain", "waits"],
    lock: ["⊗", "bad", "waits for a lock"],
    woke: [")", "plain", "woken"],
    wake: ["!", "good", "wakes others"],
    lost: ["~", "bad", "events lost"],
};
const STEPS = [1, 2, 5].flatMap(n => [0, 1, 2, 3, 4, 5, 6, 7, 8].map(p => n * 10 ** p)).sort((a, b) => a - b);

export class TimePicture {
    // moved(time): a moment was pointed at.  told(sentence): what is under the pointer.
    constructor(canvas, { moved, told }) {
        this.canvas = canvas;
        this.from = 0;
        this.to = 1e6;
        this.lanes = [];
        this.scale = 1;
        canvas.addEventListener("pointermove", event =>
            told(this.under(event.offsetX / this.scale, event.offsetY / this.scale)));
        canvas.addEventListener("pointerleave", () => told(""));
        canvas.addEventListener("click", event => moved(this.timeAt(event.offsetX / this.scale)));
    }

    x(time) {
        return NAMES + (time - this.from) / (this.to - this.from) * (this.width - NAMES);
    }

    timeAt(x) {
        return this.from + (x - NAMES) / (this.width - NAMES) * (this.to - this.from);
    }

    colors() {
        const style = getComputedStyle(this.canvas);
        const get = name => style.getPropertyValue(`--picture-${name}`).trim();
        const names = ["ink", "faint", "line", "good", "bad", "ready", "sleep", "paper", "edge"];
        return Object.fromEntries(names.map(name => [name, get(name)]));
    }

    draw(history, box, now, focus) {
        const { width } = box;
        this.history = history;
        const seen = [...history.processes.values()].filter(lane => this.isSeen(lane));
        const shown = seen.sort((a, b) => a.pid - b.pid).slice(-MOST_LANES);
        this.lanes = [
            ...history.cpus.flatMap((runs, cpu) => ({ cpu, runs, name: `processor ${cpu}` })), // passes over gaps
            ...shown.map(process => ({ process, name: history.nameOf(process.pid) })),
        ];
        this.width = width;
        this.scale = box.scale; // of letters
        const height = AXIS + this.lanes.length * (LANE + GAP) + GRAPHS.length * GRAPH + 8;
        const scale = (globalThis.devicePixelRatio || 1) * box.scale;
        if (this.canvas.width !== Math.round(width * scale) || this.canvas.height !== Math.round(height * scale)) {
            this.canvas.width = Math.round(width * scale);
            this.canvas.height = Math.round(height * scale);
            this.canvas.style.height = `${height * box.scale}px`;
        }
        const c = this.context = this.canvas.getContext("2d");
        c.setTransform(scale, 0, 0, scale, 0, 0);
        c.clearRect(0, 0, width, height);
        c.font = '11px system-ui, "DejaVu Sans", sans-serif';
        c.textBaseline = "middle";
        this.ink = this.colors();
        this.axis(height);
        this.lanes.forEach((lane, i) => this.lane(lane, AXIS + i * (LANE + GAP), focus));
        this.marks(focus);
        GRAPHS.forEach(([field, title], i) =>
            this.graph(field, title, AXIS + this.lanes.length * (LANE + GAP) + i * GRAPH));
        c.fillStyle = this.ink.bad;
        c.fillRect(this.x(now) - 0.5, AXIS - 4, 1, height);
    }

    // A process that lives at some moment that is shown.
    isSeen({ changes }) {
        const before = changes[after(changes, this.from) - 1];
        const hasEnded = before && before.state === "dead" && changes.at(-1) === before;
        return changes.length && changes[0].time < this.to && !hasEnded;
    }

    axis(height) {
        const c = this.context;
        const step = STEPS.find(s => s / (this.to - this.from) * (this.width - NAMES) > 80) ?? 1e9;
        for (let t = Math.ceil(Math.max(this.from, 0) / step) * step; t <= this.to; t += step) {
            c.fillStyle = this.ink.line;
            c.fillRect(this.x(t), AXIS - 4, 1, height);
            c.fillStyle = this.ink.faint;
            c.textAlign = this.x(t) > this.width - 24 ? "right" : "center";
            c.fillText(`${t / 1e6} s`, this.x(t), 8);
        }
    }

    // Pieces of a list of changes as bars; what is narrower than half a pixel is skipped over.
    bars(changes, draw) {
        let last = -1;
        for (let i = Math.max(after(changes, this.from) - 1, 0); i < changes.length && changes[i].time < this.to; i++) {
            const x = Math.max(this.x(changes[i].time), NAMES);
            const until = i + 1 < changes.length ? changes[i + 1].time : this.history.last;
            const end = Math.min(this.x(until), this.width);
            if (end - last < 0.5)
                continue;
            draw(changes[i], x, Math.max(end - x, 0.5));
            last = end;
        }
    }

    lane({ runs, process, name }, y, focus) {
        const c = this.context;
        c.globalAlpha = focus && process && focus.pid !== process.pid ? 0.35 : 1;
        c.fillStyle = this.ink.ink;
        c.textAlign = "right";
        c.fillText(name.length > 18 ? name.slice(0, 17) + "…" : name, NAMES - 8, y + LANE / 2);
        if (process) {
            this.bars(process.changes, (change, x, width) => this.state(process, change, x, y, width));
        } else {
            this.bars(runs, ({ pid }, x, width) => {
                if (pid <= 0)
                    return;
                c.fillStyle = this.barColor(pid);
                c.fillRect(x, y, width, LANE);
                this.inside(this.history.nameOf(pid), x, y, width);
            });
        }
        c.globalAlpha = 1;
    }

    barColor(pid) {
        return color(hue(pid), Number(this.ink.edge));
    }

    state(process, change, x, y, width) {
        const c = this.context;
        if (change.state === "run") {
            c.fillStyle = this.barColor(process.pid);
            c.fillRect(x, y, width, LANE);
        } else if (change.state === "ready") {
            c.fillStyle = this.ink.ready;
            c.fillRect(x, y + LANE / 2 - 3, width, 6);
        } else if (change.state === "sleep" || change.state === "new") {
            c.fillStyle = this.ink.sleep;
            c.fillRect(x, y + LANE / 2 - 1, width, 2);
            if (width > 80) {
                c.fillStyle = this.ink.faint;
                c.textAlign = "left";
                c.fillText(callName(change.call).replace("in ", ""), x + 9, y + 4); // beside the mark of what began it
            }
        }
    }

    inside(text, x, y, width) {
        const c = this.context;
        if (width < 12 + text.length * 6)
            return;
        c.fillStyle = this.ink.paper;
        c.textAlign = "left";
        c.fillText(text, x + 4, y + LANE / 2);
    }

    marks(focus) {
        const c = this.context;
        const { events } = this.history;
        const rows = new Map(this.lanes.map((lane, i) =>
            [lane.process?.pid ?? `c${lane.cpu}`, AXIS + i * (LANE + GAP)]));
        const last = new Map(); // where the last mark of a row is: two don't cover each other
        c.textAlign = "center";
        for (let i = after(events, this.from); i < events.length && events[i].time < this.to; i++) {
            const event = events[i];
            const row = event.kind === "L" ? `c${event.cpu}` : event.pid;
            if (event.kind === "R" || !rows.has(row))
                continue;
            const x = this.x(event.time);
            const [mark, kind] = MARKS[event.kind === "L" ? "lost" : event.event];
            if (x - (last.get(row) ?? -99) < (kind === "plain" ? 7 : 3))
                continue;
            last.set(row, x);
            c.globalAlpha = focus && focus.pid !== event.pid ? 0.3 : 1;
            c.lineWidth = 3;
            c.strokeStyle = this.ink.paper;
            c.strokeText(mark, x, rows.get(row) + LANE / 2);
            c.fillStyle = kind === "plain" ? this.ink.ink : this.ink[kind];
            c.fillText(mark, x, rows.get(row) + LANE / 2);
        }
        c.globalAlpha = 1;
    }

    graph(field, title, y) {
        const c = this.context;
        const { frames } = this.history;
        const first = Math.max(after(frames, this.from) - 1, 0);
        let most = 0;
        for (let i = first; i < frames.length && frames[i].time <= this.to; i++)
            most = Math.max(most, frames[i].totals[field]);
        const up = value => y + GRAPH - 6 - value / (most || 1) * (GRAPH - 14);
        c.strokeStyle = this.ink.good;
        c.lineWidth = 1.5;
        c.beginPath();
        let value = null;
        for (let i = first; i < frames.length && frames[i].time <= this.to; i++) {
            const x = Math.max(this.x(frames[i].time), NAMES);
            if (value === null)
                c.moveTo(x, up(frames[i].totals[field]));
            else
                c.lineTo(x, up(value));
            value = frames[i].totals[field];
            c.lineTo(x, up(value));
        }
        if (value !== null)
            c.lineTo(Math.min(this.x(this.history.last), this.width), up(value));
        c.stroke();
        c.fillStyle = this.ink.ink;
        c.textAlign = "right";
        c.fillText(title, NAMES - 8, y + GRAPH / 2 - 6);
        c.fillStyle = this.ink.faint;
        c.fillText(`${value ?? 0}, at most ${most}`, NAMES - 8, y + GRAPH / 2 + 8);
    }

    under(x, y) {
        const lane = this.lanes[Math.floor((y - AXIS) / (LANE + GAP))];
        if (x < NAMES || y < AXIS || !lane || !this.history)
            return "";
        const time = this.timeAt(x);
        const near = this.nearest(lane, time, (this.timeAt(x + 5) - time));
        if (near)
            return `${seconds(near.time)} s: ${describe(this.history, near)}`;
        const list = lane.process ? lane.process.changes : lane.runs;
        const change = list[after(list, time) - 1];
        if (!change)
            return "";
        const what = lane.process ? doing(this.history, { ...change, wait: null })
            : change.pid > 0 ? `runs ${this.history.nameOf(change.pid)}` : "idles";
        return `${seconds(time)} s: ${lane.name} ${what}`;
    }

    nearest(lane, time, within) {
        const { events } = this.history;
        let best = null;
        for (let i = after(events, time - within); i < events.length && events[i].time <= time + within; i++) {
            const event = events[i];
            const here = lane.process ? event.kind === "E" && event.pid === lane.process.pid
                : event.kind === "L" && event.cpu === lane.cpu;
            if (here && (!best || Math.abs(event.time - time) < Math.abs(best.time - time)))
                best = event;
        }
        return best;
    }
}
