// The live picture: feed in, memory, time and words out.  The same for ./ksm view and the playground.
//
//     const picture = createPicture(element);
//     picture.push(text);      // a piece of the feed, as it comes
//     picture.end();           // no more will come: a recording, or a system that has ended
//
// `element` is emptied and filled; picture.css is its style.

import { FeedReader } from "./feed.mjs";
import { History } from "./history.mjs";
import { MemoryPicture, STATES, privatePieces } from "./memory.mjs";
import { MARKS, TimePicture } from "./timeline.mjs";
import { access, describe, doing, hex, seconds, size } from "./words.mjs";

const WAITING = "Waiting for the system.";
const LOG_LINES = 400;
const WINDOW = 10e6;   // microseconds that the time line shows at first
const LEAST = 200;
const MEMORY_HEIGHT = 360;
const LETTERS = 16;    // pixels of the page's letters for which the pictures are drawn; with larger ones they grow
const FRAME_MS = 17;   // a browser's frame, when nothing holds it up
const SHARE = 3;       // drawing takes at most a third of the time, so that the page answers

const STATE_KEY = Object.values(STATES).map(([mark, meaning]) => `<span><b>${mark}</b> ${meaning}</span>`);
const MARK_KEY = Object.values(MARKS).map(([mark, kind, meaning]) =>
    `<span><b class="${kind}">${mark}</b> ${meaning}</span>`);

const PARTS = `
<div class="picture-bar" role="toolbar" aria-label="Time">
  <button type="button" data-do="pause" aria-pressed="false" title="Space">Pause</button>
  <button type="button" data-do="back" title="Left arrow">◀ <span>Back</span></button>
  <button type="button" data-do="forward" title="Right arrow"><span>Forward</span> ▶</button>
  <button type="button" data-do="in" title="Plus" aria-label="Zoom in">+</button>
  <button type="button" data-do="out" title="Minus" aria-label="Zoom out">−</button>
  <input type="range" min="0" max="1000" value="1000" aria-label="The moment that is shown">
</div>
<p class="picture-now"><output aria-live="off"></output> <span class="picture-told"></span></p>
<section class="picture-memory" aria-label="Memory"><h2>Memory</h2>
  <div class="picture-scroll">
    <svg role="img" aria-label="Address spaces of the processes; the same is in the table below"></svg>
  </div>
  <p class="picture-key"><span class="k rw">read-write</span> <span class="k ro">read-only</span>
    <span class="k marked">marked for deletion</span> <span class="k sleeper">sleeps on this word</span>
    <span class="k lock">waits for a lock</span> ${STATE_KEY.join(" ")}</p>
</section>
<section class="picture-time" aria-label="Time"><h2>Time</h2>
  <canvas role="img" aria-label="What ran when; the same is in the log below"></canvas>
  <p class="picture-key"><span class="k run">runs</span> <span class="k ready">ready</span>
    <span class="k sleep">sleeps</span> ${MARK_KEY.join(" ")}</p>
</section>
<section class="picture-words" aria-label="Words"><h2>Words</h2>
  <div class="picture-tables">
    <div><table><caption>Segments</caption>
      <thead><tr><th>name</th><th>size</th><th>attached by</th></tr></thead><tbody></tbody></table></div>
    <div><table><caption>Processes</caption>
      <thead><tr><th>name</th><th>what it does</th><th>its own memory</th></tr></thead><tbody></tbody></table></div>
  </div>
  <div class="picture-log" role="log" aria-live="off" aria-label="Events" tabindex="0"></div>
</section>`;

class Picture {
    constructor(element) {
        element.classList.add("picture");
        element.innerHTML = PARTS;
        this.element = element;
        this.history = new History();
        const find = selector => element.querySelector(selector);
        this.slider = find("input");
        this.clock = find("output");
        this.told = find(".picture-told");
        this.log = find(".picture-log");
        this.tables = element.querySelectorAll("tbody");
        this.memory = new MemoryPicture(find("svg"), (pid, id) => this.focusOn(pid, id));
        this.time = new TimePicture(find("canvas"), { moved: time => this.show(time), told: text => this.hover(text) });
        this.span = WINDOW;
        this.now = null; // the moment that is shown; null: the last
        this.focus = null;
        this.rest = 0;   // when the next drawing may begin, by performance.now()
        this.cost = 0;   // milliseconds of the last one
        this.follow = true; // the log shows its end
        this.listen();
        this.restart();
    }

    listen() {
        const actions = {
            pause: () => this.pause(), back: () => this.step(-1), forward: () => this.step(1), in: () => this.zoom(0.5),
            out: () => this.zoom(2),
        };
        const keys = { " ": "pause", ArrowLeft: "back", ArrowRight: "forward", "+": "in", "-": "out" };
        this.element.addEventListener("click", event => actions[event.target.closest("[data-do]")?.dataset.do]?.());
        this.element.addEventListener("keydown", event => {
            if (event.target.closest("button, input") && event.key === " ")
                return;
            const action = keys[event.key];
            if (!action || event.target === this.slider || event.ctrlKey || event.altKey || event.metaKey)
                return;
            event.preventDefault();
            actions[action]();
        });
        this.slider.addEventListener("input", () => {
            const { first, last } = this.history;
            const part = this.slider.value / 1000;
            this.show(part >= 1 ? null : first + part * (last - first));
        });
        this.element.querySelector("canvas").addEventListener("wheel", event => {
            if (!event.ctrlKey && !event.shiftKey)
                return;
            event.preventDefault();
            this.zoom(event.deltaY > 0 ? 1.25 : 0.8);
        }, { passive: false });
        this.log.addEventListener("scroll", () => {
            this.follow = this.log.scrollHeight - this.log.scrollTop - this.log.clientHeight < 8;
        });
        /* Asking for a width while drawing would have the browser lay out the page once more. */
        this.box = this.element.querySelector(".picture-scroll");
        this.lane = this.element.querySelector(".picture-time");
        const observer = new ResizeObserver(entries => this.change(() => {
            for (const { target, contentRect } of entries)
                this[target === this.box ? "memoryWidth" : "timeWidth"] = contentRect.width;
        }));
        observer.observe(this.box);
        observer.observe(this.lane);
        const dark = matchMedia("(prefers-color-scheme: dark)");
        dark.addEventListener("change", () => this.change(() => {})); // a canvas keeps its colours
    }

    push(text) {
        this.reader.push(text);
    }

    end() {
        this.ended = true;
        if (!this.history.last && (!this.message || this.message === WAITING))
            this.tell("Nothing came that can be shown.");
        this.change(() => {});
    }

    fail(sentence) {
        this.tell(sentence);
    }

    // Another system is to come, and whatever was left of the last one's feed is no part of its own.
    restart() {
        this.reader = new FeedReader({
            greeting: ({ kernel }) => this.greet(kernel),
            frame: frame => this.change(() => this.history.addFrame(frame)),
            event: event => this.change(() => this.addEvent(event)),
            damage: sentence => this.tell(`The feed is damaged: ${sentence}.`),
        });
        this.greet("");
        this.tell(WAITING);
    }

    greet(kernel) {
        this.history.clear(kernel);
        this.log.replaceChildren();
        this.pending = []; // lines of the log: new ones, and such as say something else now
        this.losses = [];  // of each processor, the line that tells of lost events, if it is the log's last
        this.now = null;
        this.tell("");
        this.change(() => {});
    }

    addEvent(event) {
        this.history.addEvent(event);
        if (event.kind === "L")
            return this.addLoss(event);
        const sentence = describe(this.history, event);
        if (sentence) {
            this.losses = [];
            this.addLine({ kind: event.event, text: `${seconds(event.time)}  ${sentence}` });
        }
    }

    // A busy processor loses events all the time: one line tells of all until something else happens.
    addLoss(event) {
        const before = this.losses[event.cpu];
        const line = this.losses[event.cpu] = before ?? { kind: "lost", since: seconds(event.time), count: 0 };
        line.count += event.count;
        line.text = `${line.since}  ${describe(this.history, { ...event, count: line.count })}` +
            (before ? `, until ${seconds(event.time)}` : "");
        this.addLine(line);
    }

    addLine(line) {
        if (this.pending.at(-1) !== line)
            this.pending.push(line);
        if (this.pending.length > 2 * LOG_LINES) // nothing is drawn while the page is in the background
            this.pending.splice(0, LOG_LINES);
    }

    // Something is different: the picture is drawn with one of the browser's next frames.
    change(what) {
        what();
        if (this.asked)
            return;
        this.asked = true;
        const frame = start => {
            if (start < this.rest)
                return requestAnimationFrame(frame);
            this.asked = false;
            this.draw();
            return requestAnimationFrame(() => { // what the browser did with it counts as well
                const cost = Math.max(performance.now() - start - FRAME_MS, 0);
                this.rest = start + SHARE * Math.min(cost, this.cost); // once, it may have been something else's cost
                this.cost = cost;
            });
        };
        requestAnimationFrame(frame);
    }

    tell(text) {
        this.message = text;
        this.told.textContent = text;
    }

    hover(text) {
        this.told.textContent = text || this.message;
    }

    pause() {
        this.show(this.now === null ? this.history.last : null);
    }

    show(time) {
        const { first, last } = this.history;
        this.change(() => this.now = time === null ? null : Math.min(Math.max(time, first), last));
    }

    // To the next event or frame, or the one before.
    step(way) {
        const now = this.now ?? this.history.last;
        const times = [this.history.frames, this.history.events.filter(e => e.kind !== "R")].flatMap(list => {
            const next = way > 0 ? list.find(item => item.time > now) : list.findLast(item => item.time < now);
            return next ? [next.time] : [];
        });
        if (times.length)
            this.show(way > 0 ? Math.min(...times) : Math.max(...times));
    }

    zoom(factor) {
        this.change(() => this.span = Math.min(Math.max(this.span * factor, LEAST), 600e6));
    }

    focusOn(pid, id) {
        const same = this.focus && this.focus.pid === pid && this.focus.id === id;
        this.change(() => this.focus = same || (pid === null && id === null) ? null : { pid, id });
    }

    draw() {
        const { history } = this;
        const now = this.now ?? history.last;
        const paused = this.now !== null;
        const button = this.element.querySelector('[data-do="pause"]');
        button.textContent = !paused ? "Pause" : this.ended ? "End" : "Live";
        button.setAttribute("aria-pressed", String(paused));
        this.addLog();
        this.clock.textContent = history.last ? `${seconds(now)} s${this.ended && !paused ? ", the end" : ""}` : "";
        if (!history.last || !this.memoryWidth || !this.timeWidth)
            return;
        if (this.message === WAITING)
            this.tell("");
        const state = history.at(now);
        const scale = parseFloat(getComputedStyle(document.documentElement).fontSize) / LETTERS;
        if (!paused)
            this.slider.value = 1000;
        else
            this.slider.value = 1000 * (now - history.first) / (history.last - history.first || 1);
        this.memory.draw(history, state, { width: this.memoryWidth / scale, height: MEMORY_HEIGHT, scale }, this.focus);
        this.time.to = paused ? Math.min(now + this.span / 2, history.last) : now;
        this.time.from = Math.max(this.time.to - this.span, Math.min(history.first, this.time.to - LEAST));
        this.time.draw(history, { width: this.timeWidth / scale, scale }, now, this.focus);
        this.fillTables(state);
    }

    addLog() {
        if (!this.pending.length)
            return;
        for (const line of this.pending.splice(0).slice(-LOG_LINES)) {
            line.element ??= this.log.appendChild(document.createElement("div"));
            line.element.textContent = line.text;
            line.element.dataset.kind = line.kind;
        }
        while (this.log.childElementCount > LOG_LINES)
            this.log.firstChild.remove();
        if (this.follow)
            this.log.scrollTop = this.log.scrollHeight;
    }

    fillTables(state) {
        const { history } = this;
        const who = ({ pid, address, access: letters }) =>
            `${history.nameOf(pid)} ${access(letters)} at ${hex(address)}`;
        fill(this.tables[0], [...state.segments.values()].map(s => [
            history.segmentName(s.id) + (s.state === "marked" ? ", marked" : ""), size(s.bytes),
            s.attached.map(who).join("; ") || "nobody",
        ]), "no segments");
        fill(this.tables[1], [...state.processes.values()].map(p => [
            history.nameOf(p.pid), doing(history, p), ownMemory(p),
        ]), "no processes");
    }
}

function ownMemory(process) {
    const pieces = privatePieces(process).filter(p => p.kind !== "guard");
    return pieces.map(p => `${p.kind} ${size(p.to - p.from)}`).join(", ") || "none";
}

// Only cells that differ are touched: a screen reader or a selection stays where it is.
function fill(body, rows, none) {
    if (!rows.length)
        rows = [[none, "", ""]];
    while (body.rows.length > rows.length)
        body.deleteRow(-1);
    rows.forEach((cells, i) => {
        const row = body.rows[i] ?? body.insertRow();
        while (row.cells.length > cells.length)
            row.deleteCell(-1);
        cells.forEach((text, j) => {
            const cell = row.cells[j] ?? row.insertCell();
            if (cell.textContent !== text)
                cell.textContent = text;
        });
    });
}

export function createPicture(element) {
    return new Picture(element);
}
