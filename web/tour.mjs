/*
 * tour.mjs - shows the steps of the guided tour, one at a time.  The address names the step (#lock), so that a lecture
 * can link to it.
 */
import { steps } from "./steps.mjs";

function make(tag, properties = {}, ...children) {
    const element = Object.assign(document.createElement(tag), properties);
    element.append(...children);
    return element;
}

/* Text in which `words` are code. */
function rich(tag, text) {
    return make(tag, {}, ...text.split("`").map((part, i) => i % 2 ? make("code", { textContent: part }) : part));
}

function link(href, text) {
    return make("a", { href, textContent: text });
}

function links(step) {
    const sources = step.sources.flatMap(path => [" · ", link(`source/${path}.html`, path.split("/").at(-1))]);
    const sentence = link(`contract.html#s${step.sentence}`, `Contract §${step.sentence}`);
    return make("p", { className: "links" }, sentence, ...sources);
}

function dot(step, i) {
    const number = make("span", { ariaHidden: "true" }, String(i + 1));
    const title = `${i + 1}: ${step.title}`;
    return make("li", {}, make("a", { href: `#${step.name}`, title: step.title, ariaLabel: title }, number));
}

/* What is below a step's title; the button types its commands. */
function body(step, button) {
    const lines = step.commands.map(command => make("span", { textContent: `${command}\n` }));
    const commands = make("pre", {}, ...lines);
    const look = make("strong", { textContent: "Look: " });
    return [
        rich("p", step.about),
        make("div", { className: "commands" }, commands, button),
        make("p", { className: "look" }, look, ...rich("span", step.look).childNodes),
        make("details", {}, rich("summary", step.question), rich("p", step.answer)),
        links(step),
    ];
}

class Tour {
    constructor(element, run) {
        this.run = run;
        this.at = 0; // the step that is shown
        this.isReady = this.isBusy = false;
        this.heading = make("h2", { tabIndex: -1 });
        this.body = make("div", { className: "step" });
        this.button = make("button", { type: "button", className: "run" });
        this.back = make("button", { type: "button", className: "turn", textContent: "‹ Back" });
        this.next = make("button", { type: "button", className: "turn", textContent: "Next ›" });
        this.dots = make("ol", { className: "dots", ariaLabel: "Steps" }, ...steps.map(dot));
        element.append(
            make("div", { className: "bar" }, make("span", { className: "title", textContent: "Tour" }), this.dots),
            this.heading, this.body, make("div", { className: "turns" }, this.back, this.next));
        this.listen();
        this.show();
    }

    listen() {
        this.back.addEventListener("click", () => { location.hash = steps[this.at - 1].name; });
        this.next.addEventListener("click", () => { location.hash = steps[this.at + 1].name; });
        this.button.addEventListener("click", () => this.canType() && this.type());
        window.addEventListener("hashchange", () => {
            this.show();
            this.heading.focus({ preventScroll: true });
        });
    }

    /* Shows the step that the address names. */
    show() {
        this.at = Math.max(0, steps.findIndex(step => `#${step.name}` === location.hash));
        const step = steps[this.at];
        this.heading.textContent = step.title;
        this.body.replaceChildren(...body(step, this.button));
        this.back.disabled = this.at === 0;
        this.next.disabled = this.at === steps.length - 1;
        for (const [i, link] of [...this.dots.querySelectorAll("a")].entries())
            i === this.at ? link.setAttribute("aria-current", "step") : link.removeAttribute("aria-current");
        this.showButton();
    }

    canType() {
        return this.isReady && !this.isBusy;
    }

    /* Not `disabled`: then it would lose the focus when it is pressed, and F6 could not give it back. */
    showButton() {
        this.button.ariaDisabled = String(!this.canType());
        this.button.textContent = this.isBusy ? "Running…" : "▶ Type this";
    }

    async type() {
        this.isBusy = true;
        this.showButton();
        await this.run(steps[this.at].commands);
        this.isBusy = false;
        this.showButton();
    }

    /* Is the shell there, so that a step's button may be pressed? */
    ready(yes) {
        this.isReady = yes;
        this.showButton();
    }
}

/* run: types a step's commands, and resolves when they are done. */
export function createTour(element, run) {
    return new Tour(element, run);
}
