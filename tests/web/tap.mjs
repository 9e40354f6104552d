/* tap.mjs - the words of the tests in this directory: tests/cli/_tap.py's, for node. */
let count = 0, failed = 0;

/* Seconds that a test waits for what must come: hosts are busy, and only a failure waits so long. */
export const PATIENCE = 300;

export function ok(condition, title, ...details) {
    count++;
    console.log(`${condition ? "" : "not "}ok ${count} - ${title}`);
    if (!condition) {
        failed++;
        for (const line of details.join("\n").split("\n").slice(-40))
            console.log(`# ${line}`);
    }
    return Boolean(condition);
}

export function done() {
    console.log(`1..${count}`);
    process.exit(failed ? 1 : 0);
}

/* Resolves to true as soon as look() is, and to false if it never is. */
export async function until(look) {
    const end = performance.now() + PATIENCE * 1000;
    while (performance.now() < end) {
        if (await look())
            return true;
        await new Promise(resolve => setTimeout(resolve, 20));
    }
    return false;
}
