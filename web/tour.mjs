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
    return make("p", { className: "links" }, link(`contract.html#s${step.sentence}`, `Contract §${step.sentence}`), ...sources);
}

/*
 * run: types a step's commands, and resolves when they are done.
 * The button of a step can be pressed once the shell is there: see ready().
 */
export function createTour(element, run) {
    const heading = make("h2", { tabIndex: -1 });
    const body = make("div", { className: "step" });
    const button = make("button", { type: "button", className: "run", disabled: true });
    const back = make("button", { type: "button", className: "turn", textContent: "‹ Back" });
    const next = make("button", { type: "button", className: "turn", textContent: "Next ›" });
    const dots = make("ol", { className: "dots", ariaLabel: "Steps" });
    let at = 0, ready = false, busy = false;

    steps.forEach((step, i) => {
        const dot = make("a", { href: `#${step.name}`, title: step.title, ariaLabel: `${i + 1}: ${step.title}` },
            make("span", { ariaHidden: "true" }, String(i + 1)));
        dots.append(make("li", {}, dot));
    });

    function showButton() {
        button.disabled = !ready || busy;
        button.textContent = busy ? "Typing…" : "▶ Type this";
    }

    function show(i) {
        const step = steps[at = i];
        heading.textContent = step.title;
        body.replaceChildren(
            rich("p", step.about),
            make("div", { className: "commands" },
                make("pre", { tabIndex: 0, textContent: step.commands.join("\n"), ariaLabel: "Commands" }), button),
            make("p", { className: "look" }, make("strong", { textContent: "Look: " }), ...rich("span", step.look).childNodes),
            make("details", {}, rich("summary", step.question), rich("p", step.answer)),
            links(step));
        back.disabled = i === 0;
        next.disabled = i === steps.length - 1;
        for (const [j, dot] of [...dots.querySelectorAll("a")].entries())
            j === i ? dot.setAttribute("aria-current", "step") : dot.removeAttribute("aria-current");
        showButton();
    }

    function fromAddress() {
        return Math.max(0, steps.findIndex(step => `#${step.name}` === location.hash));
    }

    back.addEventListener("click", () => { location.hash = steps[at - 1].name; });
    next.addEventListener("click", () => { location.hash = steps[at + 1].name; });
    window.addEventListener("hashchange", () => {
        show(fromAddress());
        heading.focus({ preventScroll: true });
    });
    button.addEventListener("click", async () => {
        busy = true;
        showButton();
        await run(steps[at].commands);
        busy = false;
        showButton();
    });
    element.append(make("div", { className: "bar" }, make("span", { className: "title", textContent: "Tour" }), dots),
        heading, body, make("div", { className: "turns" }, back, next));
    show(fromAddress());
    return {
        ready: yes => {
            ready = yes;
            showButton();
        },
    };
}
