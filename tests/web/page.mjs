/*
 * page.mjs - the playground in a browser, as its user has it.
 *
 *   node page.mjs ROOT PAGE MODULES CHROMIUM [PICTURES]     PICTURES: a directory that gets pictures of the page
 */
import { spawn } from "node:child_process";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { hasNoBarriers } from "./axe.mjs";
import { PATIENCE, done, ok, until } from "./tap.mjs";

const [root, page_directory, modules, chromium, pictures] = process.argv.slice(2);
const { chromium: driver } = (await import(pathToFileURL(join(modules, "playwright-core", "index.mjs")))).default;
const { steps } = await import(pathToFileURL(join(root, "web", "steps.mjs")));

/* The server that ./ksm web starts, for the page that is there. */
function serve() {
    const code = `import sys; sys.path[:0] = [sys.argv[1]]; from web.serve import serve; serve(sys.argv[2], 0, False)`;
    const server = spawn("python3", ["-c", code, join(root, "tools"), page_directory],
        { stdio: ["ignore", "pipe", "inherit"] });
    return new Promise(resolve => {
        server.stdout.once("data", text => resolve({ server, url: /http:\S+\//.exec(text)[0] }));
    });
}

const { server, url } = await serve();
const SCROLLBAR = 14; // pixels at the right of the console, where xterm.js lays it over the letters
const browser = await driver.launch({
    executablePath: chromium, args: ["--no-sandbox", "--disable-gpu"], timeout: PATIENCE * 1000,
});
const complaints = [];
process.on("exit", () => server.kill());

async function open(options, address = url) {
    const context = await browser.newContext(options);
    context.setDefaultTimeout(PATIENCE * 1000);
    const page = await context.newPage();
    page.on("console", message => {
        if (["error", "warning"].includes(message.type()))
            complaints.push(message.text());
    });
    page.on("pageerror", error => complaints.push(String(error)));
    page.on("response", response => {
        if (response.status() >= 400)
            complaints.push(`${response.status()} ${response.url()}`);
    });
    await page.goto(address);
    return page;
}

const screen = page => page.evaluate(() => {
    const rows = [...document.querySelectorAll(".xterm-rows > div")].map(row => row.textContent.trimEnd());
    return rows.join("\n").trimEnd();
});
const state = page => page.evaluate(() => document.documentElement.dataset.state);
const isReady = page => until(async () => await state(page) === "ready");
/* Does the console show it?  A text may go on in the next row, as in a narrow window. */
const shows = (page, what) => until(async () => {
    const rows = await screen(page);
    const isThere = text => what instanceof RegExp ? what.test(text) : text.includes(what);
    return isThere(rows) || isThere(rows.replaceAll("\n", ""));
});

/* Pictures for whoever looks at the page: light, dark, and then as it was. */
async function picture(page, name, scheme) {
    for (const colorScheme of pictures ? ["light", "dark", scheme] : []) {
        await page.emulateMedia({ colorScheme });
        await page.screenshot({ path: join(pictures, `playground-${name}-${colorScheme}.png`) });
    }
}

/* What the console must show at the end of each step. */
const outcomes = {
    boot: /segments \d+/,
    server: /sqrt\(2\) = 1\.4142[^]*second[^]*second/,
    readonly: /read me\n[^]*now it says: read me|read me/,
    race: /added 1000000[^]*added 1000000/,
    lock: /stands ?at ?1000000/,
    ring: /ring is full[^]*\n20$/m,
    delete: /marked[^]*no such segment/,
    fill: /127 attachments of 16 MB/,
    squeeze: /then refused[^]*one detached/,
    heir: /lock is mine[^]*added 500000/,
};

/* Runs the step that is shown, and waits until its button can be pressed again. */
async function runStep(page) {
    const button = page.locator("#tour .run");
    await button.click();
    return until(() => button.isEnabled());
}

/* Does the picture show the server's segment while two clients have it attached?  They work until the server ends. */
async function seesServer(page) {
    const segments = () => page.locator("#live tbody").first().innerText();
    const attached = async () =>
        (await segments()).match(/math(server|client) \d+ read-write at 7f[0-9a-f]{6}/g)?.length === 3;
    await page.goto(`${url}#server`);
    await page.locator(".xterm-helper-textarea").focus();
    await page.keyboard.type("mathserver &\nmathclient -b 99999999 &\nmathclient -b 99999999 &\n");
    ok(await until(attached), "the picture shows who has the segment attached, how and where", await segments());
    await picture(page, "1440-server", "dark");
    await page.keyboard.type("mathclient -q\n");
    ok(await until(async () => (await segments()).includes("no segments")), "and when nobody has it any more",
        await segments());
}

/* Presses a button of the page at once when the console shows a text: the page itself looks, since this program may be
   too slow. */
function pressWhenShown(page, button, text) {
    return page.evaluate(([selector, wanted, patience]) => new Promise(resolve => {
        const end = performance.now() + patience * 1000;
        const look = () => {
            const shown = document.querySelector(".xterm-rows").textContent.includes(wanted);
            if (!shown && performance.now() < end)
                return requestAnimationFrame(look);
            document.querySelector(selector).click();
            return resolve();
        };
        look();
    }), [button, text, PATIENCE]);
}

/* Dark, with motion, in the width of a desk. */
async function onADesk() {
    const page = await open({ viewport: { width: 1440, height: 900 }, colorScheme: "dark" });
    ok(await isReady(page), "the page boots the system to its prompt", await screen(page), complaints.join("\n"));
    const ms = await page.evaluate(() => performance.now());
    console.log(`# prompt after ${Math.round(ms)} ms`);
    await page.locator(".xterm-helper-textarea").focus();
    await page.keyboard.type("ls | grep ksm\n");
    ok(await shows(page, "ksmstat"), "what is typed reaches the shell, and its answer the console", await screen(page));
    await page.keyboard.type("echo five");
    for (let i = 0; i < "ive".length; i++)
        await page.keyboard.press("Backspace");
    await page.keyboard.type("irst\n");
    await page.keyboard.press("ArrowUp");
    await page.keyboard.press("Home");
    await page.keyboard.type("echo ");
    await page.keyboard.press("End");
    await page.keyboard.type(" again\n");
    ok(await shows(page, "\necho first again"), "the shell edits lines: arrows, Home, End", await screen(page));
    await seesServer(page);
    for (const step of steps)
        await takeStep(page, step);
    await page.close();
}

async function takeStep(page, step) {
    await page.goto(`${url}#${step.name}`);
    await page.keyboard.press("Escape");
    const ended = await runStep(page);
    ok(ended && await shows(page, outcomes[step.name]), `the tour's step ${step.name} shows what it promises`,
        await screen(page));
    if (step.name === "heir")
        await picture(page, "1440-heir", "dark");
}

/* The keyboard alone, light, without motion. */
async function byKeyboard() {
    const page = await open({ viewport: { width: 900, height: 1000 }, colorScheme: "light", reducedMotion: "reduce" });
    await isReady(page);
    const focused = () => page.evaluate(() => {
        const element = document.activeElement;
        return element.className || element.id || element.tagName;
    });
    const reach = async name => {
        for (let i = 0; i < 40 && !(await focused()).includes(name); i++)
            await page.keyboard.press("Tab");
        return (await focused()).includes(name);
    };
    ok(await reach("run"), "the keyboard reaches the tour's button");
    await page.keyboard.press("Enter");
    ok(await shows(page, /segments \d+[^]*\$$/), "and presses it", await screen(page));
    ok(await reach("xterm-helper-textarea"), "the keyboard reaches the console");
    await page.keyboard.type("echo t\\yped\n");
    ok(await shows(page, "\ntyped"), "and types there", await screen(page));
    await page.keyboard.press("Shift+Tab");
    ok(!(await focused()).includes("xterm"), "Shift+Tab leaves the console", await focused());
    await reach("xterm-helper-textarea");
    await page.keyboard.press("F6");
    ok((await focused()).includes("run"), "and so does F6", await focused());
    await reach("xterm-helper-textarea");
    await page.keyboard.type("echo half");
    await page.goto(`${url}#server`);
    const pressed = pressWhenShown(page, "[data-key='11']", "sqrt(2) = 1.4142");
    const ended = runStep(page);
    await pressed;
    ok(await ended && await shows(page, /1 segments, \d+ pages[^]*\$ mathclient -q\n\$$/),
        "Ctrl-K during a step shows the segments, and the step goes on", await screen(page));
    ok(!(await screen(page)).includes("half"), "what was typed before is no part of the step's command",
        await screen(page));
    const rows = await page.locator(".dots li").evaluateAll(dots =>
        new Set(dots.map(dot => dot.getBoundingClientRect().top)).size);
    ok(rows === 1, "the steps' numbers are in one row", rows);
    const moving = await page.evaluate(() => document.getAnimations().length);
    ok(moving === 0, "nothing moves where the user asks for that");
    await pastes(page);
    await picture(page, "900", "light");
    await inFewColours(page);
    await hasNoBarriers(page, modules, "the page");
    await restartAndHalt(page);
    await page.close();
}

async function pastes(page) {
    await page.context().grantPermissions(["clipboard-read", "clipboard-write"]);
    const copy = text => page.evaluate(copied => navigator.clipboard.writeText(copied), text);
    await copy("echo pas\\ted");
    await page.locator(".xterm-helper-textarea").focus();
    await page.keyboard.press("Control+v");
    ok(await until(async () => (await screen(page)).includes("pas\\ted")), "Ctrl-V pastes", await screen(page));
    await page.keyboard.press("Enter");
    ok(await shows(page, "\npasted"), "and Enter runs what was pasted", await screen(page));
    await copy("echo lo\\ud");
    const keys = await page.context().newCDPSession(page);
    await keys.send("Input.dispatchKeyEvent", {
        type: "keyDown", modifiers: 2, key: "V", code: "KeyV", windowsVirtualKeyCode: 86, commands: ["paste"],
    });
    await page.keyboard.press("Enter");
    ok(await shows(page, "\nloud\n$"), "Ctrl-V pastes with Caps Lock on, too", await screen(page));
    const much = "a line of text\n".repeat(1000);
    await copy(much);
    await page.keyboard.type("echo re\\ady; cat >much\n");
    await shows(page, "\nready");
    await page.keyboard.press("Control+v");
    await page.keyboard.press("Control+d");
    await page.keyboard.type("wc much\n");
    ok(await shows(page, `\n1000 4000 ${much.length} much`), "nothing is lost of what is pasted to a program",
        await screen(page));
    await page.keyboard.press("Control+l");
}

/* The system's own colours, as people choose them who see little. */
async function inFewColours(page) {
    await page.emulateMedia({ forcedColors: "active" });
    const [border, ...swatches] = await page.evaluate(() => [
        getComputedStyle(document.querySelector(".run")).borderTopWidth,
        ...["rw", "sleeper", "lock"].map(name =>
            getComputedStyle(document.querySelector(`.picture-key .${name}`), "::before").backgroundColor),
    ]);
    ok(border !== "0px" && new Set(swatches).size === swatches.length,
        "with forced colours, the button has a border and the picture a key", border, ...swatches);
    await page.locator("#aloud").click();
    const opacity = await page.locator(".xterm-accessibility").evaluate(element => getComputedStyle(element).opacity);
    ok(opacity === "0", "and what is read aloud is not shown over the console's letters", opacity);
    await page.locator("#aloud").click();
    await page.emulateMedia({ forcedColors: "none" });
}

async function restartAndHalt(page) {
    await page.evaluate(() => {
        globalThis.states = [];
        const page = document.documentElement;
        new MutationObserver(() => globalThis.states.push(page.dataset.state)).observe(page, { attributes: true });
    });
    await page.locator("#restart").click();
    ok(await until(async () => await page.evaluate(() => globalThis.states.at(-1) === "ready")),
        "Restart starts the computer anew", await page.evaluate(() => globalThis.states.join()));
    await page.locator(".xterm-helper-textarea").focus();
    await page.keyboard.type("halt\n");
    ok(await until(async () => await state(page) === "off"), "the page says when the system has powered off",
        await state(page));
    ok(/Restart/.test(await page.locator("#state").innerText()), "and then how to start it again");
}

async function onAPhone() {
    const phone = { viewport: { width: 360, height: 800 }, colorScheme: "dark", hasTouch: true, isMobile: true };
    const page = await open(phone, `${url}#lock`);
    await isReady(page);
    const width = await page.evaluate(() => document.documentElement.scrollWidth);
    ok(width <= 360, "nothing is wider than a phone", width);
    const [letters, frame] = await page.evaluate(() => [".xterm-screen", "#terminal"].map(name =>
        document.querySelector(name).getBoundingClientRect()));
    ok(letters.right + SCROLLBAR <= frame.right && letters.bottom <= frame.bottom,
        "the console's letters are within its frame, beside the scrollbar", JSON.stringify({ letters, frame }));
    const greeting = await screen(page);
    const begins = /^($|\$|KSM|This is|can share|Ctrl-C|init| {2})/;
    ok(greeting.split("\n").every(row => begins.test(row)), "no line of the greeting is broken", greeting);
    ok(await runStep(page) && await shows(page, /stands ?at ?1000000/), "a step runs on a phone", await screen(page));
    await picture(page, "360", "dark");
    await refusesScripts(page);
    await page.close();
}

/* Neither text nor a script from elsewhere becomes code. */
async function refusesScripts(page) {
    const policy = await page.evaluate(() => new Promise(resolve => {
        document.addEventListener("securitypolicyviolation", event => resolve(event.violatedDirective));
        const script = document.createElement("script");
        script.textContent = "document.title = 'taken'";
        document.head.append(script); // if it may run, it has run now
        if (document.title === "taken")
            resolve(document.title);
    }));
    ok(policy.startsWith("script-src"), "the policy refuses a script that was put into the page", policy);
}

async function links() {
    const dead = [];
    for (const step of steps) {
        for (const link of [`contract.html#s${step.sentence}`, ...step.sources.map(path => `source/${path}.html`)]) {
            const text = await (await fetch(url + link)).text();
            if (link.includes("#") ? !text.includes(`id="${link.split("#")[1]}"`) : !text.includes('id="n1"'))
                dead.push(link);
        }
    }
    ok(dead.length === 0, "the tour's links lead to the contract's sentences and to the sources", dead.join("\n"));
}

/* The pages to which the links lead. */
async function documents() {
    const page = await open({ viewport: { width: 1440, height: 900 } }, `${url}contract.html`);
    await hasNoBarriers(page, modules, "the contract");
    await page.goto(`${url}source/user/bin/counter.c.html`);
    await hasNoBarriers(page, modules, "a source");
    const lines = await page.locator("pre").boundingBox();
    ok(lines.width > 800, "a source has the width of its page", JSON.stringify(lines));
    await page.close();
}

/* But for the script that it has refused. */
function noComplaints() {
    const refused = /violates the following Content Security Policy directive/;
    const rest = complaints.filter(text => !refused.test(text) || !text.includes("script-src"));
    ok(rest.length === 0, "the browser has nothing to complain of", rest.join("\n"));
}

/* As a file, and with parts that are damaged or missing. */
async function damaged() {
    const page = await (await browser.newContext()).newPage();
    page.setDefaultTimeout(PATIENCE * 1000);
    const tells = what => until(async () => what.test((await page.locator("#failure:visible").allInnerTexts()).join()));
    await page.goto(pathToFileURL(join(page_directory, "index.html")).href);
    ok(await tells(/opened as a file/), "opened as a file, the page says what to do");
    await page.route("**/lib/libv86.mjs", route => route.fulfill({ status: 404 }));
    await page.goto(url);
    ok(await tells(/could not be loaded/), "with a part missing, the page says so");
    await page.unroute("**/lib/libv86.mjs");
    for (const part of ["lib/v86.gz", "kernel.gz"]) {
        await page.route(`**/${part}`, route => route.fulfill({ contentType: "text/html", body: "no such page" }));
        await page.goto(url);
        ok(await tells(new RegExp(`${part} could not be loaded`)),
            `with another page in place of ${part}, the page says so`);
        await page.unroute(`**/${part}`);
    }
    await picture(page, "failed", "light");
    await page.route("**/emulator.mjs", async route => {
        const headers = { "Content-Type": "text/javascript", "Content-Security-Policy": "worker-src 'self'" };
        await route.fulfill({ response: await route.fetch(), headers });
    });
    await page.goto(url);
    ok(await tells(/forbids .*worker-src/), "where the server's policy is too strict, the page says what it forbids");
    await page.unroute("**/emulator.mjs");
    await page.route("**/picture/feed.mjs", route => route.fulfill({ status: 404 }));
    await page.goto(url);
    ok(await tells(/missing/), "with a part of the page itself missing, the page says so");
    await page.unroute("**/picture/feed.mjs");
    await page.route("**/main.mjs", route => route.fulfill({ contentType: "text/plain", body: "" }));
    await page.goto(url);
    ok(await tells(/missing/), "where a server calls scripts text, the page says that a part is missing");
    await page.unroute("**/main.mjs");
    await page.route("**/main.mjs", route => route.fulfill({ contentType: "text/javascript", body: "" }));
    await page.goto(url);
    ok(await tells(/missing/), "so it does where only the beginning of a script has come");
    await page.addInitScript(() => { delete Array.prototype.findLast; });
    await page.goto(url);
    ok(await tells(/too old/), "a browser that is too old is told so");
    await page.addInitScript(() => { delete globalThis.WebAssembly; });
    await page.goto(url);
    ok(await tells(/no WebAssembly/), "a browser without WebAssembly is told that it lacks that");
    await page.close();
    const plain = await (await browser.newContext({ javaScriptEnabled: false })).newPage();
    await plain.goto(url);
    const dead = plain.locator("main, #state").filter({ visible: true });
    ok(await plain.locator("noscript p").isVisible() && await dead.count() === 0,
        "without scripts, the page says what to do and shows nothing that does not work");
    await plain.close();
}

/* The page with another computer: `code` is what it does when it gets `data`, by write(kind, text). */
async function withComputer(code) {
    const page = await (await browser.newContext({ reducedMotion: "reduce" })).newPage();
    const body = `onmessage = ({ data }) => {
        const write = (kind, text) => postMessage({ kind, bytes: Uint8Array.from(text, c => c.charCodeAt(0)) });
        ${code}
    };`;
    page.setDefaultTimeout(PATIENCE * 1000);
    await page.route("**/emulator.mjs", route => route.fulfill({ contentType: "text/javascript", body }));
    await page.goto(url);
    await isReady(page);
    return page;
}

/* A computer that writes half a letter before a line of the feed, and is switched off in the middle of both. */
async function halfALetter() {
    const page = await withComputer(`
        write("feed", "KSM-FEED 1 1\\n");
        write("console", "\\xc3");
        write("feed", "F 1 2 5\\nT 0 0 0 0 0 0\\nZ 2 2 c4e81b79\\nF 1");
        write("console", "$ ");`);
    const told = () => page.locator(".picture-told").innerText();
    ok(await told() === "", "half a letter on the console does no harm to the feed", await told());
    await page.locator("#restart").click();
    await isReady(page);
    ok(await told() === "", "nor does half a line that a restart cuts off", await told());
    await page.close();
}

/* A computer whose commands end at Ctrl-C or Ctrl-D alone, and that shows when the line is emptied. */
async function lastingStep() {
    const page = await withComputer(`
        if (data.kind === "start")
            return write("console", "$ ");
        const shown = { "\\x03": "^C\\n$ ", "\\x04": "\\n$ ", "\\x05": "", "\\x15": "<empty>" };
        write("console", [...new TextDecoder().decode(data.bytes)].map(key => shown[key] ?? key).join(""));`);
    const onButton = () => page.evaluate(() => document.activeElement.className === "run");
    const button = page.locator("#tour .run");
    await button.focus();
    await page.keyboard.press("Enter");
    ok(await shows(page, "<empty>ps") && await onButton(), "a step's button keeps the focus when it is pressed");
    await page.locator(".xterm-helper-textarea").focus();
    await page.keyboard.type("half");
    await page.keyboard.press("F6");
    ok(await onButton(), "F6 leaves the console during a step");
    await page.keyboard.press("Enter");
    await page.locator(".xterm-helper-textarea").focus();
    await page.keyboard.press("Control+d");
    ok(await shows(page, /half\n\$ <empty>ksmstat$/), "what was typed meanwhile is no part of the next command",
        await screen(page));
    await page.keyboard.press("Control+c");
    ok(await until(() => button.isEnabled()), "Ctrl-C in the console ends the step");
    await button.click();
    await shows(page, /\^C\n\$ <empty>ps$/);
    await page.locator(".xterm-helper-textarea").focus();
    await page.keyboard.press("Control+c");
    await page.keyboard.type("over");
    ok(await shows(page, /ps\n\^C\n\$ over$/), "and no more of its commands are typed", await screen(page));
    await page.close();
}

/* Nothing is drawn in the background, perhaps for hours. */
async function inTheBackground() {
    const page = await (await browser.newContext()).newPage();
    await page.goto(`${url}contract.html`);
    const kept = await page.evaluate(async () => {
        const { createPicture } = await import("./picture/picture.mjs");
        globalThis.requestAnimationFrame = () => 0;
        const picture = createPicture(document.createElement("div"));
        for (let time = 0; time < 5000; time++)
            picture.push(`E ${time} 0 exit 3 0\n`);
        return picture.pending.length ?? picture.pending.childElementCount;
    });
    ok(kept > 0 && kept < 1000, "a picture in the background keeps only as many lines as it will show", kept);
    const told = await page.evaluate(async () => {
        const { createPicture } = await import("./picture/picture.mjs");
        const picture = createPicture(document.createElement("div"));
        picture.push("KSM-FEED 1 1\nF 1 2 5\nT 0 0");
        picture.restart();
        return picture.told.textContent;
    });
    ok(told === "Waiting for the system.", "after a restart, the picture waits, and calls nothing damaged", told);
    await page.close();
}

async function run() {
    await onADesk();
    await byKeyboard();
    await onAPhone();
    await links();
    await documents();
    noComplaints();
    await damaged();
    await halfALetter();
    await lastingStep();
    await inTheBackground();
}

await run().catch(error => ok(false, "the test runs to its end", error.stack));
await browser.close();
done();
