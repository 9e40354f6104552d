/*
 * main.mjs - the page: the tour, the console, the live picture, and the computer behind them.
 */
import { createConsole } from "./console.mjs";
import { Machine } from "./machine.mjs";
import { createPicture } from "./picture/picture.mjs";
import { createTour } from "./tour.mjs";
import { Typist } from "./typist.mjs";

const PROMPT = "$ ";
const END_JOB = "\x03"; // Ctrl-C
const still = matchMedia("(prefers-reduced-motion: reduce)");
const find = id => document.getElementById(id);
const decoders = { console: new TextDecoder(), feed: new TextDecoder() }; // each keeps half a letter to itself

function show(state, text) {
    document.documentElement.dataset.state = state;
    find("state").textContent = text;
}

function fail(why) {
    show("failed", "Stopped");
    find("failure").textContent = `The computer in this page has stopped: ${why}. “Restart” starts it again.`;
    find("failure").hidden = false;
    tour.ready(false);
    typist.stop();
}

/* What the user types; what ends a command ends a step, too. */
function type(text) {
    if (text.includes(END_JOB))
        typist.stop();
    machine.type(text);
}

let last = ""; // what the console has shown at the end
let prompted = false;

const picture = createPicture(find("live"));
const typist = new Typist(text => machine.type(text), () => !still.matches);
const leave = () => find("tour").querySelector("button.run").focus();
const terminal = createConsole(find("terminal"), type, leave);
const tour = createTour(find("tour"), commands => {
    find("console").scrollIntoView({ block: "nearest", behavior: still.matches ? "auto" : "smooth" });
    return typist.run(commands);
});
const machine = new Machine({
    loading() {
        last = "";
        prompted = false;
        for (const decoder of Object.values(decoders)) // a computer that was switched off has left half a letter,
            decoder.decode();
        picture.restart(); // and half a line
        terminal.clear();
        tour.ready(false);
        typist.stop();
        find("failure").hidden = true;
        show("loading", "Loading…");
    },
    running() { show("starting", "Starting…"); },
    console(bytes) {
        terminal.write(bytes);
        const text = decoders.console.decode(bytes, { stream: true });
        typist.heard(text);
        last = (last + text).slice(-PROMPT.length);
        if (!prompted && last === PROMPT) {
            prompted = true;
            show("ready", "Running");
            tour.ready(true);
        }
    },
    feed(bytes) { picture.push(decoders.feed.decode(bytes)); },
    off() {
        show("off", "Switched off: “Restart” starts it again");
        tour.ready(false);
        typist.stop();
    },
    failed: fail,
});

/* The shell edits lines when it knows the terminal's width. */
function start() {
    machine.start(`watch=on terminal=${terminal.size()}`);
}

for (const button of document.querySelectorAll("[data-key]")) {
    button.addEventListener("click", () => type(String.fromCharCode(Number(button.dataset.key))));
}
find("restart").addEventListener("click", start);
find("aloud").addEventListener("click", ({ target }) => {
    const on = target.getAttribute("aria-pressed") !== "true";
    target.setAttribute("aria-pressed", String(on));
    terminal.readAloud(on);
});
if (document.documentElement.className !== "failed") // check.js has found that it can't work
    start();
