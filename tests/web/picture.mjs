// The reader of the feed and what is made of it, without a browser: ./ksm test web/picture

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { FeedReader, parseLine } from "../../web/picture/feed.mjs";
import { History } from "../../web/picture/history.mjs";
import { layout } from "../../web/picture/memory.mjs";
import { CALLS, describe as inWords, size } from "../../web/picture/words.mjs";
import { Typist } from "../../web/typist.mjs";

const sample = readFileSync(new URL("../feed/counter.feed", import.meta.url), "latin1");

function read(text, pieces = 1) {
    const history = new History();
    const seen = { history, frames: [], events: [], damage: [], greetings: 0 };
    const reader = new FeedReader({
        greeting: ({ kernel }) => { seen.greetings++; history.clear(kernel); },
        frame: frame => { seen.frames.push(frame); history.addFrame(frame); },
        event: event => { seen.events.push(event); history.addEvent(event); },
        damage: sentence => seen.damage.push(sentence),
    });
    const length = Math.ceil(text.length / pieces);
    for (let i = 0; i < text.length; i += length)
        reader.push(text.slice(i, i + length));
    return seen;
}

test("a feed is read whole, in pieces of any size", () => {
    for (const pieces of [1, 7, sample.length]) {
        const { frames, damage, greetings } = read(sample, pieces);
        assert.deepEqual(frames.map(f => f.number), [1, 2, 3]);
        assert.deepEqual(damage, []);
        assert.equal(greetings, 1);
    }
});

test("a frame has its processes, sleepers, segments and attachments", () => {
    const frame = read(sample).frames[1];
    assert.deepEqual(frame.processes.map(p => p.name), ["init", "sh", "counter", "counter"]);
    assert.equal(frame.processes[3].wait.holder, 3);
    assert.equal(frame.segments[0].name, "shared counter");
    assert.deepEqual(frame.segments[0].attached.map(a => a.pid), [4, 3]);
});

test("whichever byte is damaged, no frame is shown but the right ones, and reading goes on", () => {
    const right = new Map(read(sample).frames.map(f => [f.number, JSON.stringify(f)]));
    for (let i = 0; i < sample.length; i++) {
        for (const byte of ["x", "\n", "9", " ", "\xff"]) {
            const { frames } = read(sample.slice(0, i) + byte + sample.slice(i + 1));
            for (const frame of frames) {
                const { missing, ...rest } = frame;
                assert.equal(JSON.stringify(rest), right.get(frame.number),
                    `byte ${i} as ${JSON.stringify(byte)}, missing ${missing}`);
            }
            assert.ok(frames.length >= 2, `byte ${i}`);
        }
    }
});

test("lines that are lost, repeated or in another order damage their frame alone", () => {
    const lines = sample.trimEnd().split("\n");
    for (let i = 0; i < lines.length; i++) {
        const others = [...lines.slice(0, i), ...lines.slice(i + 1)];
        assert.ok(read(others.join("\n") + "\n").frames.length >= 2);
        const twice = [...lines.slice(0, i + 1), ...lines.slice(i)];
        assert.ok(read(twice.join("\n") + "\n").frames.length >= 2);
    }
});

test("a feed that begins in the middle, and one that is cut off", () => {
    for (let i = 0; i < sample.length; i += 3) {
        read(sample.slice(i));
        assert.ok(read(sample.slice(0, i)).frames.length <= 3);
    }
    assert.equal(read(sample.slice(sample.indexOf("F 1 2"))).frames.length, 2);
});

test("a version that is not known is said, and nothing is read until one that is", () => {
    const unknown = "KSM-FEED 2 9.9\n" + sample.slice(sample.indexOf("E ")).replaceAll("F 1 ", "F 2 ");
    const { frames, damage } = read(unknown + sample);
    assert.equal(frames.length, 3);
    assert.match(damage.join(), /version 2/);
});

test("records and fields of later kernels are passed over", () => {
    assert.equal(parseLine("Q 1 2"), undefined);
    assert.equal(parseLine("E 1 0 teleport 3 4"), null);
    assert.equal(parseLine("C 0 7 more").pid, 7);
});

test("numbers that are none are refused", () => {
    const lines = [
        "C 0 -1", "C 00 1", "C 0 4294967296", "C  0 1", "C 0", "C 256 1", "R 1 4000000000 5 -", "L 1 0 1e3",
        "A 1 0x10 r", "A 1 F r", "A 1 10 w",
    ];
    for (const line of lines)
        assert.equal(parseLine(line), undefined, line);
});

test("names are decoded, and nothing in them is more than text", () => {
    assert.equal(parseLine("E 1 0 exec 2 %3cb%3e%20%c3%a9").name, "<b> \u00e9");
    assert.equal(parseLine("E 1 0 exec 2 %").name, "");
    assert.equal(parseLine("E 1 0 exec 2 %2d").name, "-");
    assert.equal(parseLine("E 1 0 exec 2 %g0"), undefined);
});

test("the state between two frames is the frame and the events since", () => {
    const { history } = read(sample);
    const before = history.at(560300);
    assert.equal(before.processes.get(4).state, "run");
    assert.equal(before.segments.get(0x4d).state, "marked");
    assert.equal(history.at(560500).processes.get(4).state, "dead");
    assert.deepEqual(history.at(640500).segments.size, 0); // the last detach of a marked segment
    assert.equal(history.at(472200).segments.get(0x4d).attached.length, 1); // from events alone
});

test("who begins and ends between two frames is shown meanwhile, and no longer", () => {
    const { history } = read("KSM-FEED 1 1\nF 1 1 10\nT 0 0 0 0 0 0\nP 2 1 run 0 2 1 - 0 0 0 sh\nZ 1 3 " +
        "2033326f\nE 20 0 fork 2 3\nR 30 0 3 s513\nE 40 0 exec 3 ps\nE 50 0 exit 3 0\nR 60 0 2 x\n" +
        "E 70 0 exit 2 0\n");
    assert.deepEqual([...history.at(45).processes.keys()], [2, 3]);
    assert.deepEqual([...history.at(65).processes.keys()], [2]);
    assert.equal(history.at(75).processes.get(2).state, "dead"); // until the next frame
});

test("events in words", () => {
    const { history, events } = read(sample);
    const words = events.map(event => inWords(history, event)).filter(Boolean);
    assert.ok(words.includes("counter 3 attached shared counter read-write at 7fffe000"), words.join("\n"));
    assert.ok(words.some(w => w.includes("waits for the lock shared counter+10, which counter 3 holds")));
    assert.equal(size(4096), "4 KB");
    assert.equal(size(64 << 20), "64 MB");
});

test("events without frames are not kept without end, in whatever order they come", () => {
    const history = new History();
    for (let i = 0; i < 450000; i++)
        history.addEvent({ kind: "R", time: i < 150000 ? 1e6 - i : 1e6, cpu: i % 2, pid: i % 7, left: "r" });
    assert.ok(history.events.length <= 200000, `${history.events.length}`);
});

const BOUND = { timeout: 60000 };

test("a step's command is done when the prompt is back, and what it prints costs nothing", BOUND, async () => {
    const typed = [];
    const typist = new Typist(text => typed.push(text), () => false);
    const done = typist.run(["yes", "ls"]);
    const turn = () => new Promise(setImmediate);
    await turn();
    typist.heard("yes\r\n");
    for (let i = 0; i < 20000; i++)
        typist.heard(`${"y".repeat(1000)} $ \r\n`);
    typist.heard("z".repeat(10000));
    typist.heard("$ ");
    await turn();
    const empty = "\x05\x15"; // before each command, what the user has begun to type goes
    assert.deepEqual(typed, [empty, "yes", "\n"]);
    typist.heard("\r\n\x1b[1m$");
    typist.heard(" ");
    await turn();
    typist.heard("ls\r\nREADME\r\n$ ");
    assert.equal(await done, true);
    assert.deepEqual(typed, [empty, "yes", "\n", empty, "ls", "\n"]);
});

test("of a forged recording no more is kept and shown than of a right one", () => {
    const empty = { time: 1, totals: { lost: 0 }, cpus: [], processes: [], segments: [] };
    const frame = (number, more = {}) => ({ ...empty, number, ...more });
    const history = new History();
    for (let n = 1; n <= 45000; n++)
        history.addFrame(frame(n));
    assert.ok(history.frames.length <= 20000, `${history.frames.length} frames of one time`);
    const attached = Array(16000).fill({ pid: 1, address: 0, access: "r" });
    history.addFrame(frame(1, { segments: [{ id: 1, name: "s", attached }] }));
    for (let n = 1; n <= 60000; n++)
        history.addEvent({ kind: "E", event: "fork", time: 1, cpu: 0, pid: 2 * n - 1, child: 2 * n });
    assert.ok(history.processes.size <= 20000, `${history.processes.size} lanes`);
    history.addEvent({ kind: "E", event: "fork", time: 1, cpu: 0, pid: 1, child: 3 });
    const { processes, segments } = history.at(1);
    assert.ok(processes.size <= 4096, `${processes.size} processes at one moment`);
    assert.ok(segments.get(1).attached.length <= 32768);

    const { frames, damage } = read("KSM-FEED 1 %\nF 1 1 1\n" + "P 1 0 run 0 0 0 - 0 0 0 %\n".repeat(5000));
    assert.deepEqual([frames.length, damage.length], [0, 1], "a frame without end");
});

test("in the picture of memory, a segment is at its place, and what is higher in memory is higher", () => {
    const { history } = read(sample);
    const plan = layout(history.at(511004), { width: 800, height: 400 });
    const attachments = plan.rects.filter(r => r.kind === "attachment");
    assert.deepEqual(attachments.map(r => r.pid).sort(), [3, 4]);
    assert.equal(attachments[0].y, attachments[1].y);
    assert.equal(plan.bands.length, 1);
    for (const r of plan.rects)
        assert.ok(r.height >= 3 && r.x >= 0 && r.x + r.width <= plan.width, JSON.stringify(r));
    const heap = plan.rects.find(r => r.kind === "stack" && r.pid === 3);
    assert.ok(attachments[0].y < heap.y);
    assert.equal(plan.words.length, 1);
});

test("calls have the names that include/syscall.tbl gives their numbers", () => {
    const table = readFileSync(new URL("../../include/syscall.tbl", import.meta.url), "utf8");
    const names = new Map([...table.matchAll(/^(\d+) +(\w+)/gm)].map(([, number, name]) => [number, name]));
    assert.deepEqual(Object.entries(CALLS).filter(([number, name]) => names.get(number) !== name), []);
});

test("200 processes with 2,000 attachments: each is there, with its bands", () => {
    const processes = new Map(), segments = new Map();
    for (let pid = 1; pid <= 200; pid++)
        processes.set(pid, { pid, state: "ready", guard: 0x3000, stack: 0x14000, brk: 0x20000, name: "p", wait: null });
    for (let id = 1; id <= 100; id++) {
        const attached = Array.from({ length: 20 }, (_, i) => ({
            pid: (id * 7 + i * 9) % 200 + 1, address: 0x7f000000 - id * 8192, access: "rw",
        }));
        segments.set(id, { id, handle: id, pages: 2, state: "live", attached });
    }
    const plan = layout({ processes, segments }, { width: 1200, height: 400 });
    assert.equal(plan.rects.filter(r => r.kind === "attachment").length, 2000);
    assert.equal(plan.bands.length, 1900);
    assert.ok(plan.bands.every(b => b.from.x < b.to.x && b.from.y === b.to.y));
});
