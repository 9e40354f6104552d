// The picture of memory: a column for each process, and bands between the columns that share a segment.
//
// layout() computes where everything goes, and knows nothing of the page; MemoryPicture puts that into SVG.

import { color, hue } from "./color.mjs";
import { firstIndex } from "./sorted.mjs";
import { access, doing, hex, size } from "./words.mjs";

const PAGE = 4096;
const TOP = 0x80000000;
const HEADER = 42;           // above the columns: name, pid, state
const LEAST_HEIGHT = 3;      // of the piece between two borders
const WIDTHS = { least: 16, most: 112 };
const LEAST_NAME = 4;        // characters: less tells nothing, and covers the neighbour's
const SVG = "http://www.w3.org/2000/svg";

// The pieces of a process's private memory, from below.
export function privatePieces({ guard, stack, brk }) {
    if (!brk)
        return [];
    return [
        { kind: "image", from: 0, to: guard },
        { kind: "guard", from: guard, to: guard + PAGE },
        { kind: "stack", from: guard + PAGE, to: Math.min(stack, brk) },
        { kind: "heap", from: stack, to: brk },
    ].filter(piece => piece.to > piece.from);
}

// From an address to a height.  All columns have the same scale.  Between two borders of anything it is linear.  The
// height of a piece grows with the logarithm of its pages, so that a page beside a gigabyte can be seen.  Empty pieces
// are flat.
export function makeScale(columns, height) {
    const edges = new Map([[0, 0], [TOP, 0]]);
    for (const column of columns) {
        for (const { from, to } of column.pieces) {
            edges.set(from, (edges.get(from) ?? 0) + 1);
            edges.set(to, (edges.get(to) ?? 0) - 1);
        }
    }
    const borders = [...edges.keys()].sort((a, b) => a - b);
    const weights = [];
    let covered = 0;
    for (let i = 0; i + 1 < borders.length; i++) {
        covered += edges.get(borders[i]);
        const pages = Math.max((borders[i + 1] - borders[i]) / PAGE, 1);
        weights.push(covered > 0 ? 2 + Math.log2(pages) : 1 + Math.log2(pages) / 8);
    }
    const total = weights.reduce((sum, w) => sum + w, 0);
    const whole = Math.max(height, weights.length * LEAST_HEIGHT);
    const heights = [0];
    for (const w of weights)
        heights.push(heights.at(-1) + w / total * whole);
    const scale = address => {
        const i = Math.min(Math.max(firstIndex(borders, border => border > address), 1), borders.length - 1) - 1;
        const part = (address - borders[i]) / (borders[i + 1] - borders[i] || 1);
        return whole - (heights[i] + part * (heights[i + 1] - heights[i]));
    };
    scale.height = whole;
    return scale;
}

export function layout(state, { width, height }) {
    const segments = [...state.segments.values()];
    const byPid = new Map([...state.processes.values()].map(p => [p.pid, { process: p, pieces: privatePieces(p) }]));
    for (const segment of segments) {
        for (const a of segment.attached) {
            byPid.get(a.pid)?.pieces.push({
                kind: "attachment", from: a.address, to: a.address + segment.pages * PAGE, segment, access: a.access,
            });
        }
    }
    const columns = [...byPid.values()].sort((a, b) => a.process.pid - b.process.pid);
    const scale = makeScale(columns, height - HEADER);
    const step = Math.max(Math.min(width / Math.max(columns.length, 1), WIDTHS.most * 1.6), WIDTHS.least * 1.5);
    const wide = Math.min(step * 0.62, WIDTHS.most);
    const rects = [];
    const places = new Map(segments.map(s => [s.id, []])); // of its attachments, from left to right

    columns.forEach((column, i) => {
        column.x = i * step + (step - wide) / 2;
        for (const piece of column.pieces) {
            const y = HEADER + scale(piece.to);
            const height = HEADER + scale(piece.from) - y;
            const rect = { ...piece, pid: column.process.pid, x: column.x, y, width: wide, height };
            rects.push(rect);
            if (piece.segment)
                places.get(piece.segment.id).push(rect);
        }
    });
    return {
        columns, rects, bands: bands(places), words: sleepers(columns, scale, wide), width: step * columns.length,
        height: HEADER + scale.height, step, wide, scale,
    };
}

// Between each attachment of a segment and the nearest one in the next column that has it.
function bands(places) {
    const list = [];
    for (const rects of places.values()) {
        const columns = [...groups(rects, r => r.x)].map(column => column.sort((a, b) => a.y - b.y));
        for (let i = 0; i + 1 < columns.length; i++) {
            for (const from of columns[i])
                list.push({ from, to: nearest(columns[i + 1], from.y), segment: from.segment });
        }
    }
    return list;
}

function groups(items, key) {
    const found = new Map();
    for (const item of items) {
        const group = found.get(key(item));
        if (group)
            group.push(item);
        else
            found.set(key(item), [item]);
    }
    return found.values();
}

// Of rectangles from above to below.
function nearest(rects, y) {
    const i = Math.min(firstIndex(rects, rect => rect.y >= y), rects.length - 1);
    const above = rects[Math.max(i - 1, 0)];
    return y - above.y < rects[i].y - y ? above : rects[i];
}

function sleepers(columns, scale, wide) {
    return columns.filter(c => c.process.wait).map(c => ({
        process: c.process, x: c.x + wide - 7, y: HEADER + scale(c.process.wait.address),
    }));
}

// For each state of a process: its mark above the column, and what the key calls it.
export const STATES = {
    run: ["▶", "runs on processor"],
    ready: ["…", "ready"],
    sleep: ["☾", "sleeps"],
    dead: ["✕", "ended"],
    new: ["+", "new"],
    lost: ["?", "not known"],
};

// Elements with a key, which are made once and changed only where something differs.
class Layer {
    constructor(parent, tag) {
        this.group = parent.appendChild(document.createElementNS(SVG, "g"));
        this.tag = tag;
        this.elements = new Map();
    }

    show(items) {
        const gone = new Map(this.elements);
        for (const { key, attributes, text, title } of items) {
            gone.delete(key);
            let element = this.elements.get(key);
            if (!element) {
                element = this.group.appendChild(document.createElementNS(SVG, this.tag));
                element.seen = {};
                this.elements.set(key, element);
            }
            this.change(element, attributes, text, title);
        }
        for (const [key, element] of gone) {
            element.remove();
            this.elements.delete(key);
        }
    }

    change(element, attributes, text, title) {
        const { seen } = element;
        for (const [name, value] of Object.entries(attributes)) {
            if (seen[name] !== value)
                element.setAttribute(name, seen[name] = value);
        }
        if (text !== undefined && seen.text !== text)
            element.textContent = seen.text = text;
        if (title !== undefined && seen.title !== title) {
            seen.title = title;
            element.titleElement ??= element.appendChild(document.createElementNS(SVG, "title"));
            element.titleElement.textContent = title;
        }
    }
}

const round = value => Math.round(value * 10) / 10;

export class MemoryPicture {
    // chosen(pid or null, identifier or null): something was clicked.
    constructor(svg, chosen) {
        this.svg = svg;
        const defs = svg.appendChild(document.createElementNS(SVG, "defs"));
        defs.innerHTML = `<pattern id="picture-stripes" width="6" height="6" patternUnits="userSpaceOnUse"
            patternTransform="rotate(45)"><rect width="3" height="6" class="picture-stripe"/></pattern>`;
        this.bands = new Layer(svg, "path");
        this.rects = new Layer(svg, "rect");
        this.stripes = new Layer(svg, "rect");
        this.labels = new Layer(svg, "text");
        this.sleepers = new Layer(svg, "circle");
        svg.addEventListener("click", event => {
            const { pid, id } = event.target.dataset ?? {};
            chosen(pid ? Number(pid) : null, id ? Number(id) : null);
        });
    }

    draw(history, state, box, focus) {
        const plan = layout(state, box);
        const style = getComputedStyle(this.svg);
        this.ink = ["fill", "edge"].map(name => Number(style.getPropertyValue(`--picture-${name}`)));
        const dim = (pid, id) => focus && !(focus.pid === pid || (id !== undefined && focus.id === id)) ? " dim" : "";
        const { svg } = this;
        svg.setAttribute("viewBox", `0 0 ${round(Math.max(plan.width, box.width))} ${round(plan.height)}`);
        svg.setAttribute("width", round(Math.max(plan.width, box.width) * box.scale));
        svg.setAttribute("height", round(plan.height * box.scale));
        this.rects.show(plan.rects.map(r => this.rect(history, r, dim)));
        this.stripes.show(plan.rects.filter(r => r.access === "r").map(r => ({
            key: `${r.pid} ${r.from}`,
            attributes: {
                x: round(r.x), y: round(r.y), width: round(r.width), height: round(r.height), class: "stripes",
            },
        })));
        this.bands.show(plan.bands.map(b => this.band(b, dim)));
        this.labels.show(this.texts(history, plan, dim));
        this.sleepers.show(plan.words.map(w => ({
            key: w.process.pid,
            attributes: {
                cx: round(w.x), cy: round(w.y), r: 4, class: w.process.wait.holder ? "sleeper lock" : "sleeper",
            },
            title: `${history.nameOf(w.process.pid)} ${doing(history, w.process)}`,
        })));
        return plan;
    }

    colors(segment) {
        const [fill, edge] = this.ink.map(luminance => color(hue(segment.handle), luminance));
        return `--fill: ${fill}; --edge: ${edge}`;
    }

    rect(history, r, dim) {
        const { segment } = r;
        const what = segment ? `${history.segmentName(segment.id)}, ${access(r.access)}` : r.kind;
        return {
            key: `${r.pid} ${r.kind} ${r.from}`,
            attributes: {
                x: round(r.x), y: round(r.y), width: round(r.width), height: round(Math.max(r.height, 1)),
                class: `piece ${r.kind}${segment?.state === "marked" ? " marked" : ""}${dim(r.pid, segment?.id)}`,
                style: segment ? this.colors(segment) : "", "data-pid": r.pid, "data-id": segment?.id ?? "",
            },
            title: `${history.nameOf(r.pid)}: ${what}, ${hex(r.from)} to ${hex(r.to)} (${size(r.to - r.from)})`,
        };
    }

    band({ from, to, segment }, dim) {
        const [x, u] = [from.x + from.width, to.x].map(round);
        const [top, bottom, right, low] = [from.y, from.y + from.height, to.y, to.y + to.height].map(round);
        const middle = round((x + u) / 2);
        return {
            key: `${from.pid} ${from.from} ${to.pid} ${to.from}`,
            attributes: {
                d: `M${x} ${top}C${middle} ${top} ${middle} ${right} ${u} ${right}` +
                    `V${low}C${middle} ${low} ${middle} ${bottom} ${x} ${bottom}Z`,
                class: `band${segment.state === "marked" ? " marked" : ""}${dim(null, segment.id)}`,
                style: this.colors(segment), "data-id": segment.id,
            },
        };
    }

    texts(history, plan, dim) {
        const list = [];
        const fits = Math.floor((plan.step - 6) / 7.4);
        for (const { process, x } of plan.columns) {
            const middle = round(x + plan.wide / 2);
            const put = (key, y, text, kind) => list.push({
                key: `${process.pid} ${key}`, text: text.length > fits ? text.slice(0, fits - 1) + "…" : text,
                attributes: { x: middle, y, class: `label ${kind}${dim(process.pid)}`, "data-pid": process.pid },
            });
            if (fits >= LEAST_NAME)
                put("name", 13, process.name || "?", "name");
            put("pid", 25, `${process.pid}`, "pid");
            const cpu = process.state === "run" ? ` ${process.cpu}` : "";
            put("state", 38, STATES[process.state][0] + cpu, `state ${process.state}`);
        }
        for (const r of plan.rects) {
            if (r.height < 11 || r.width < 40)
                continue;
            const short = r.segment ? history.segmentName(r.segment.id) : r.kind;
            const long = `${short} ${r.segment ? r.access : size(r.to - r.from)}`;
            const most = Math.floor(r.width / 6);
            const name = long.length > most ? short : long;
            list.push({
                key: `${r.pid} ${r.kind} ${r.from}`, text: name.length > most ? name.slice(0, most - 1) + "…" : name,
                attributes: {
                    x: round(r.x + r.width / 2), y: round(r.y + r.height / 2 + 3.5),
                    class: `label inside${dim(r.pid, r.segment?.id)}`,
                },
            });
        }
        return list;
    }
}
