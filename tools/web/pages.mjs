/*
 * pages.mjs - makes the pages of the playground that are made from other files: the contract, with an anchor for each
 * sentence, and the sources of the tour's programs.
 *
 *   node pages.mjs ROOT MODULES OUT
 */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { pathToFileURL } from "node:url";

const [root, modules, out] = process.argv.slice(2);
const load = path => import(pathToFileURL(path));
const { Marked } = await load(join(modules, "marked", "lib", "marked.esm.js"));
const { steps } = await load(join(root, "web", "steps.mjs"));
const index = readFileSync(join(root, "web", "index.html"), "utf8");
const policy = /http-equiv="Content-Security-Policy"\s+content="([^"]*)"/.exec(index)[1].replace(/\s+/g, " ");

function escape(text) {
    return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}

function write(path, title, body) {
    const up = "../".repeat(path.split("/").length - 1);
    const file = join(out, path);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${escape(title)}</title>
<link rel="icon" href="${up}icon.svg" type="image/svg+xml">
<link rel="stylesheet" href="${up}style.css">
</head>
<body>
<header><p><a href="${up}index.html">‹ The playground</a></p></header>
<main class="document">
${body}
</main>
</body>
</html>
`);
}

/* Sections and their sentences are numbered in the text: §4.3 is #s4.3. */
function contract() {
    let section = "";
    const renderer = {
        heading({ tokens, depth }) {
            const text = this.parser.parseInline(tokens);
            if (depth === 2)
                section = /^(\d+)\./.exec(text)?.[1] ?? "";
            return `<h${depth}${section && depth === 2 ? ` id="s${section}"` : ""}>${text}</h${depth}>\n`;
        },
        list({ ordered, start, items }) {
            if (!ordered)
                return false;
            const sentences = items.map((item, i) =>
                `<li id="s${section}.${Number(start) + i}">${this.parser.parse(item.tokens)}</li>\n`);
            return `<ol start="${start}">\n${sentences.join("")}</ol>\n`;
        },
    };
    const html = new Marked({ renderer }).parse(readFileSync(join(root, "docs", "ksm.md"), "utf8"));
    const anchors = new Set(html.match(/ id="s[\d.]+"/g).map(id => id.slice(5, -1)));
    const cite = (text, to) => anchors.has(`s${to}`) ? `<a href="#s${to}">${text}</a>` : text;
    const reachable = html.replaceAll("<pre>", '<pre tabindex="0">'); // what is wider than the page is scrolled by keys
    write("contract.html", "KSM: the contract", reachable.replace(/§(\d+(?:\.\d+)?)/g, cite));
    return anchors;
}

function source(path) {
    const lines = readFileSync(join(root, path), "utf8").trimEnd().split("\n");
    const body = lines.map((line, i) => `<span class="line" id="n${i + 1}" data-n="${i + 1}">${escape(line)}\n</span>`);
    write(`source/${path}.html`, basename(path), `<h1>${path}</h1>\n<pre>${body.join("")}</pre>`);
}

const anchors = contract();
for (const step of steps) {
    if (!anchors.has(`s${step.sentence}`))
        throw new Error(`step ${step.name}: docs/ksm.md has no §${step.sentence}`);
    step.sources.forEach(source);
}
