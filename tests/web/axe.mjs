/*
 * axe.mjs - what axe-core finds wrong with a page (WCAG 2.2, level AA) for people who see little or nothing, or use no
 * mouse.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { ok } from "./tap.mjs";

const RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];

/*
 * Tests the page in light and in dark, and leaves it light.
 * The terminal's own letters are left out: xterm.js holds them to the contrast that console.mjs asks for.
 */
export async function hasNoBarriers(page, modules, what) {
    const source = readFileSync(join(modules, "axe-core", "axe.min.js"), "utf8");
    const found = [];
    for (const colorScheme of ["dark", "light"]) {
        await page.emulateMedia({ colorScheme });
        await page.evaluate(source);
        const { violations } = await page.evaluate(async rules =>
            globalThis.axe.run({ exclude: [[".xterm-screen"]] }, { runOnly: rules, resultTypes: ["violations"] }),
            RULES);
        for (const { id, help, nodes } of violations)
            found.push(`${colorScheme}: ${id}: ${help}`,
                ...nodes.slice(0, 4).map(n => `    ${n.target} ${n.any[0]?.message ?? ""}`));
    }
    ok(found.length === 0, `${what}: in light and in dark, axe-core finds no barrier`, found.join("\n"));
}

/*
 * The least contrast, by WCAG, of letters and of borders in the picture of memory, which axe-core does not look at: of
 * letters with the piece that they are in or the paper, and of each piece's border with the paper.
 */
export function leastContrasts(page) {
    return page.evaluate(() => {
        const rgb = text => text.match(/[\d.]+/g).slice(0, 3).map(Number);
        const linear = v => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4;
        const luminance = text => rgb(text).map(v => linear(v / 255))
            .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
        const contrast = (a, b) => {
            const [low, high] = [luminance(a), luminance(b)].sort((x, y) => x - y);
            return (high + 0.05) / (low + 0.05);
        };
        const picture = document.querySelector(".picture");
        const paper = getComputedStyle(picture).backgroundColor;
        const pieces = [...picture.querySelectorAll("svg .piece")].map(element =>
            ({ box: element.getBBox(), style: getComputedStyle(element) }));
        const within = (from, length, point) => from <= point && point <= from + length;
        const under = ({ x, y, width, height }) => pieces.findLast(({ box }) =>
            within(box.x, box.width, x + width / 2) && within(box.y, box.height, y + height / 2))?.style.fill;
        const letters = [...picture.querySelectorAll("svg text")].map(element => {
            const below = under(element.getBBox());
            return contrast(getComputedStyle(element).fill, !below || below === "none" ? paper : below);
        });
        const borders = pieces.map(({ style }) => contrast(style.stroke, paper));
        return { letters: Math.min(...letters), borders: Math.min(...borders) };
    });
}
