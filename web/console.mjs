/*
 * console.mjs - the terminal: xterm.js on the guest's first serial port.
 */
import { FitAddon } from "./lib/addon-fit.mjs";
import { Terminal } from "./lib/xterm.mjs";

const wide = matchMedia("(min-width: 44em)"); // letters are larger

/* In pixels, from the size that the user has chosen for the page. */
function letters() {
    return parseFloat(getComputedStyle(document.documentElement).fontSize) * (wide.matches ? 0.8125 : 0.67);
}
const dark = matchMedia("(prefers-color-scheme: dark)");

/* The colours of style.css, so that the terminal changes with the page. */
function theme() {
    const style = getComputedStyle(document.documentElement);
    const colour = name => style.getPropertyValue(name).trim();
    return {
        background: colour("--terminal"), foreground: colour("--terminal-text"), cursor: colour("--accent"),
        cursorAccent: colour("--terminal"), selectionBackground: colour("--selection"),
        scrollbarSliderBackground: colour("--edge"), scrollbarSliderHoverBackground: colour("--dim"),
    };
}

/* Ctrl and a letter, whatever Caps Lock or another alphabet makes of `key`: xterm.js goes by the code, too. */
function isControl(event, letter) {
    return event.ctrlKey && !event.shiftKey && !event.altKey && event.keyCode === letter.charCodeAt(0);
}

/* Keys that the browser, and not the guest, is to have. */
function isBrowsers(event) {
    return event.key === "F6" || event.key === "Tab" && event.shiftKey;
}

/* typed: called with what the user types; left: called when F6 leaves the terminal. */
export function createConsole(element, typed, left) {
    const term = new Terminal({
        convertEol: true, cursorBlink: false, fontSize: letters(),
        fontFamily: "ui-monospace, Menlo, Consolas, 'DejaVu Sans Mono', monospace",
        scrollback: 5000, theme: theme(), minimumContrastRatio: 4.5,
    });
    const fit = new FitAddon();

    term.loadAddon(fit);
    term.open(element);
    fit.fit();
    term.textarea.setAttribute("aria-label", "Console of the system");
    term.textarea.setAttribute("aria-describedby", "leave");
    term.onData(typed);
    term.attachCustomKeyEventHandler(event => {
        if (event.key === "F6" && event.type === "keydown") {
            event.preventDefault();
            left();
        }
        if (isControl(event, "C") && term.hasSelection())
            return false; // the browser copies
        if (isControl(event, "V"))
            return false; // and pastes
        return !isBrowsers(event);
    });
    dark.addEventListener("change", () => { term.options.theme = theme(); });
    new ResizeObserver(() => {
        term.options.fontSize = letters();
        fit.fit();
    }).observe(element);
    return {
        write: bytes => term.write(bytes),
        clear: () => term.reset(),
        focus: () => term.focus(),
        size: () => `${term.cols}x${term.rows}`,
        readAloud: on => { term.options.screenReaderMode = on; },
    };
}
