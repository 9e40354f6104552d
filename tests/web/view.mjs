/*
 * view.mjs - the page of ./ksm view in a browser: recordings, by mouse and by keyboard, on a desk and on a phone.
 *
 *   node view.mjs ROOT MODULES CHROMIUM [PICTURES]     PICTURES: a directory that gets pictures of the page
 */
import { spawn } from "node:child_process";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { hasNoBarriers, leastContrasts } from "./axe.mjs";
import { crowd } from "./crowd.mjs";
import { PATIENCE, done, ok, until } from "./tap.mjs";

const [root, modules, chromium, pictures] = process.argv.slice(2);
const { chromium: driver } = (await import(pathToFileURL(join(modules, "playwright-core", "index.mjs")))).default;

const FRAME_MS = 17; // of a browser's frame, which is no cost of a picture
const CLOCK_MS = 1;  // by which its clock may be wrong

const servers = [];
function serve(recording) {
    const command = [join(root, "tools/run/view.py"), "--no-open", join(root, "web/recordings", recording)];
    const server = spawn("python3", command, { stdio: ["ignore", "ignore", "pipe"] });
    servers.push(server);
    return new Promise(resolve => server.stderr.once("data", text => resolve(/http:\S+\//.exec(text)[0])));
}

const browser = await driver.launch({
    executablePath: chromium, args: ["--no-sandbox", "--disable-gpu"], timeout: PATIENCE * 1000,
});
const complaints = [];
process.on("exit", () => servers.forEach(server => server.kill()));

async function open(address, options) {
    const page = await browser.newPage({ viewport: { width: 1200, height: 900 }, colorScheme: "light", ...options });
    page.setDefaultTimeout(PATIENCE * 1000);
    page.on("console", message => complaints.push(message.text()));
    page.on("pageerror", error => complaints.push(String(error)));
    await page.goto(address);
    await until(() => isAtEnd(page));
    return page;
}

const cells = (page, table) => page.locator("tbody").nth(table).innerText();
const isAtEnd = async page => (await page.locator("output").innerText()).includes("the end");
const clock = async page => parseFloat(await page.locator("output").innerText());
const titles = page => page.evaluate(() => [...document.querySelectorAll("svg title")].map(t => t.textContent));
const picture = async (page, name) => pictures && page.screenshot({ path: join(pictures, `view-${name}.png`) });

// Away from the end.
async function goTo(page, part) {
    await page.locator("input[type=range]").fill(String(part));
    await until(async () => !await isAtEnd(page));
}

async function deleteWhileAttached() {
    const page = await open(await serve("delete-while-attached.feed"));
    ok((await cells(page, 0)).includes("no segments"), "at the end there is no segment", await cells(page, 0));
    await goTo(page, 400);
    const rows = await cells(page, 0);
    ok(/marked/.test(rows) && /ksmhold 3 read-write at 7fffe000; ksmhold 5 read-only at 7fffe000/.test(rows),
        "in the middle, a marked segment is attached by two, with their access and address", rows);
    const seen = await titles(page);
    ok(seen.some(t => /^ksmhold 5: board, read-only, 7fffe000 to 80000000 \(8 KB\)$/.test(t)),
        "and so the picture says", seen.join("\n"));
    ok(await page.locator("svg .stripes").count() === 1, "the read-only one is striped");
    ok(await page.locator("svg .band.marked").count() === 1, "a band joins the two");
    await picture(page, "delete-light");
    await hasNoBarriers(page, modules, "the page");

    /* The keyboard. */
    const before = await clock(page);
    await page.locator(".picture-log").focus();
    await page.keyboard.press("ArrowRight");
    ok(await until(async () => await clock(page) > before), "the right arrow goes to the next event");
    await page.keyboard.press("ArrowLeft");
    await page.keyboard.press("ArrowLeft");
    ok(await until(async () => await clock(page) < before), "the left arrow goes back");
    await page.keyboard.press(" ");
    ok(await until(() => isAtEnd(page)), "Space goes to the end");

    /* The mouse. */
    await page.locator("canvas").hover({ position: { x: 600, y: 30 } });
    const told = await page.locator(".picture-told").innerText();
    ok(/processor 0|runs|idles/.test(told), "the pointer is told what is under it", told);
    await goTo(page, 400);
    await page.locator("svg .attachment").first().click();
    ok(await until(async () => await page.locator("svg .dim").count() > 0), "a click brings one thing to the front");
    await page.close();
}

async function mathServer() {
    const page = await open(await serve("math-server.feed"), { colorScheme: "light" });
    await goTo(page, 300);
    await picture(page, "math-light");
    await page.setViewportSize({ width: 360, height: 800 });
    await page.emulateMedia({ colorScheme: "dark" });
    ok(await until(() => page.evaluate(() => document.documentElement.scrollWidth <= 360)),
        "nothing is wider than a phone");
    const rows = await cells(page, 0);
    ok(rows.match(/mathclient \d+ read-write/g)?.length === 4, "four clients have the segment", rows);
    const [marks, key] = await Promise.all(["svg .label.state", ".picture-memory .picture-key"].map(name =>
        page.locator(name).allTextContents()));
    ok(marks.length > 0 && marks.every(mark => key[0].includes(mark[0])), "the key has each mark above the processes",
        marks, key);
    ok((await page.locator(".picture-log").innerText()).includes("events were lost"), "lost events are told");
    await picture(page, "math-phone-dark");
    await page.close();
}

async function holderDies() {
    const page = await open(await serve("holder-dies.feed"));
    const log = await page.locator(".picture-log").innerText();
    ok(/counter \d+ was killed|counter \d+ ended/.test(log) && /attached/.test(log), "the log tells of the death", log);
    await goTo(page, 500);
    const [rows, sleeping] = [await cells(page, 0), await cells(page, 1)];
    const holder = /waits for counter (\d+)'s lock/.exec(sleeping)?.[1];
    ok(rows.match(/counter \d+ read-write/g)?.length === 2 && rows.includes(`counter ${holder} `),
        "before it, two have the segment, and one waits for the other's lock", rows, sleeping);
    ok(await page.locator("svg .sleeper.lock").count() === 1, "and so the picture says");
    await page.close();
}

/* In the page: a picture of this feed, drawn once, with the labels of its axis after so many steps of zoom. */
async function drawn([feed, zooms]) {
    const { createPicture } = await import("/picture/picture.mjs");
    const element = document.createElement("main");
    document.body.replaceChildren(element);
    const fillText = CanvasRenderingContext2D.prototype.fillText;
    let labels = [];
    CanvasRenderingContext2D.prototype.fillText = function (text, x, y) {
        if (y === 8) // the first of an axis
            labels.push(text);
        fillText.call(this, text, x, y);
    };
    const picture = createPicture(element);
    const { promise, resolve } = Promise.withResolvers();
    const draw = picture.draw.bind(picture);
    picture.draw = () => {
        labels = [];
        try {
            draw();
        } finally {
            if (picture.memoryWidth && picture.timeWidth)
                resolve();
        }
    };
    picture.push(feed);
    picture.end();
    for (let i = 0; i < zooms; i++)
        picture.zoom(0.5);
    await promise;
    CanvasRenderingContext2D.prototype.fillText = fillText;
    const told = element.querySelector(".picture-told").innerText;
    const log = [...element.querySelectorAll(".picture-log div")].map(line => line.textContent);
    return { labels, told, log, lanes: picture.time.lanes.map(lane => lane.name) };
}

/* Feeds that begin in the middle, lose much, or are none. */
async function oddFeeds() {
    const page = await open(await serve("holder-dies.feed"));
    const middle = await page.evaluate(drawn, ["R 1500000 1 3 -\nR 1500300 1 0 r\n", 30]);
    ok(middle.lanes.join() === "processor 1,process 3",
        "a feed of which only the second processor's events have come is drawn", middle.lanes.join());
    ok(middle.told === "", "and nothing more is waited for", middle.told);
    ok(middle.labels.length > 1 && new Set(middle.labels).size === middle.labels.length,
        "moments less than a millisecond apart have different names", middle.labels.join());
    const losses = Array.from({ length: 50 }, (_, i) => `L ${1000000 + i * 10000} 0 100\n`);
    const lossy = await page.evaluate(drawn, [losses.join("") + "E 1500000 0 exit 3 0\n" + losses[0], 0]);
    ok(lossy.log.length === 3 && /^1\.000 .* 5000 events were lost, until 1\.490$/.test(lossy.log[0]),
        "one line of the log tells of all events that were lost in a row", lossy.log.join("\n"));
    const none = await page.evaluate(drawn, ["KSM-FEED 1 1\r\nR 5 0 3 -\r\n", 0]);
    ok(none.told === "Nothing came that can be shown.", "where nothing can be shown, the page says so", none.told);
    await page.close();
}

/*
 * In the page: a live feed of `tenths` of a second, each in a few pieces.  Returns the browser's frames a second (idle;
 * busy with the picture) and the drawings a second.
 */
async function measure(tenths) {
    const frames = seconds => new Promise(resolve => {
        const start = performance.now();
        let n = 0;
        const tick = () => {
            if (performance.now() - start >= seconds * 1000)
                return resolve(n / seconds);
            n++;
            return requestAnimationFrame(tick);
        };
        tick();
    });
    const { createPicture } = await import("/picture/picture.mjs");
    const element = document.createElement("main");
    document.body.replaceChildren(element);
    const idle = await frames(1);
    const picture = createPicture(element);
    let drawn = 0;
    const draw = picture.draw.bind(picture);
    picture.draw = () => {
        draw();
        drawn++;
    };
    const pieces = tenths.flat();
    picture.push(pieces.shift());
    const timer = setInterval(() => pieces.length && picture.push(pieces.shift()), 100 / tenths[0].length);
    await frames(0.5);
    drawn = 0;
    const busy = await frames(2);
    clearInterval(timer);
    return { idle, busy, pictures: drawn / 2, attachments: element.querySelectorAll("svg .attachment").length };
}

/*
 * In the page: the same feed by a clock of the test's own, which no other work of the host moves, for a browser that
 * shows a frame every 16 ms.  Drawing takes 5 ms, then 60 ms, and then one drawing is late.  Returns when each drawing
 * began and was shown.
 */
async function paced(tenths) {
    const { createPicture } = await import("/picture/picture.mjs");
    const element = document.createElement("main");
    document.body.replaceChildren(element);
    const picture = createPicture(element);
    const frame = () => new Promise(requestAnimationFrame);
    while (!picture.memoryWidth || !picture.timeWidth || picture.asked)
        await frame();
    await frame();
    await frame();
    let clock = Math.ceil(performance.now() / 16) * 16, start = clock, asked = [];
    performance.now = () => clock;
    globalThis.requestAnimationFrame = what => asked.push(what);
    const pieces = tenths.flat(), draws = [];
    let cost = 5, late = 0, next = clock;
    const draw = picture.draw.bind(picture);
    picture.draw = () => {
        const one = { begun: start };
        draws.push(one);
        requestAnimationFrame(() => one.shown = clock);
        draw();
        clock += cost + late;
        late = 0;
    };
    const run = ms => {
        for (const end = clock + ms; clock < end;) {
            for (; pieces.length && next <= clock; next += 100 / tenths[0].length)
                picture.push(pieces.shift());
            start = clock = Math.max(Math.ceil(clock / 16) * 16, start + 16);
            asked.splice(0).forEach(what => what(start));
        }
    };
    run(1000);
    cost = 60;
    run(1500);
    cost = 5;
    run(500);
    late = 1000;
    run(1900);
    return draws.filter(one => one.shown);
}

/* How often a crowd is drawn, and whether the page has time for anything else. */
function checkDraws(draws) {
    const cost = one => one.shown - one.begun - FRAME_MS - CLOCK_MS;
    const rest = i => draws[i + 1].begun - draws[i].begun;
    const lasting = i => Math.min(cost(draws[i]), cost(draws[i - 1]));
    const greedy = draws.slice(2).filter((next, i) => rest(i + 1) < 3 * lasting(i + 1));
    const slowest = draws.slice(0, -1).map(cost).reduce((most, one, i, all) => one > all[most] ? i : most, 0);
    ok(cost(draws[slowest]) >= 900 && rest(slowest) < 2 * cost(draws[slowest]),
        "a picture that is late once does not make the next one late", cost(draws[slowest]), rest(slowest));
    ok(draws.some(one => cost(one) > 30) && !greedy.length,
        "pictures take at most a third of the time, each until the next one", JSON.stringify(draws));
}

async function manyProcesses() {
    const page = await open(await serve("holder-dies.feed"));
    const { idle, busy, pictures, attachments } = await page.evaluate(measure, crowd(50));
    const [n, without, shown] = [busy, idle, pictures].map(x => x.toFixed(0));
    console.log(`# ${n} frames a second, ${without} without a picture; ${shown} pictures a second`);
    ok(attachments >= 1999, "2,000 attachments of 200 processes are drawn", attachments);
    await picture(page, "crowd-light");
    for (const colorScheme of ["dark", "light"]) {
        await page.emulateMedia({ colorScheme });
        let found;
        const stands = async () => {
            found = await leastContrasts(page);
            return found.letters >= 4.5 && found.borders >= 3;
        };
        ok(await until(stands), `in ${colorScheme}, letters and borders of 100 segments stand out`,
            JSON.stringify(found));
    }
    checkDraws(await page.evaluate(paced, crowd(50)));
    await page.close();
}

await deleteWhileAttached();
await mathServer();
await holderDies();
await oddFeeds();
await manyProcesses();
ok(!complaints.length, "the console of the browser has nothing to say", complaints.join("\n"));
await browser.close();
done();
