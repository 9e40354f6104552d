/*
 * crowd.mjs - a feed of 200 processes with 2,000 attachments, of which something changes in each frame.
 */
const PROCESSES = 200, SEGMENTS = 100, SHARERS = 20; // attachments of a segment
const BEGIN = 1e6, TENTH = 1e5;                      // microseconds
const SWITCHES = 100, PIECES = 6;                    // of events between two frames
const hex = value => value.toString(16);

function sum(text) {
    let sum = 0x811c9dc5;
    for (const c of text)
        sum = Math.imul(sum ^ c.charCodeAt(0), 0x1000193);
    return hex(sum >>> 0);
}

/* Who has which segment: another one leaves, and comes back, in each frame. */
function segment(i, number) {
    const sharers = Array.from({ length: SHARERS }, (_, k) => (i * 7 + k * 9) % PROCESSES + 1);
    if (number % SEGMENTS === i)
        sharers.pop();
    const lines = sharers.map((pid, k) => `A ${pid} ${hex(0x7f000000 - i * 8192)} ${k % 3 ? "rw" : "r"}`);
    return [`S ${hex(100 + i)} ${i + 1} 8192 2 ${lines.length} 1 1 live crowd${i}`, ...lines];
}

function frame(number) {
    const attachments = SEGMENTS * SHARERS - 1;
    const lines = [
        `F 1 ${number} ${BEGIN + number * TENTH}`,
        `T ${5000 + number % 50} 9000 ${SEGMENTS} 200 ${attachments} 0`,
    ];
    for (let pid = 1; pid <= PROCESSES; pid++) {
        const state = pid === number % PROCESSES + 1 ? "run 0" : (pid + number) % 3 ? "sleep -" : "ready -";
        const call = state === "sleep -" ? 527 : "-";
        lines.push(`P ${pid} 1 ${state} 1 10 ${call} 3000 14000 ${hex(0x20000 + pid % 5 * 4096)} worker`);
        if (state === "sleep -" && pid % 4 === 0)
            lines.push(`W 64 7f000000 ${hex(pid * 4)} - 0`);
    }
    lines.push(`C 0 ${number % PROCESSES + 1}`);
    for (let i = 0; i < SEGMENTS; i++)
        lines.push(...segment(i, number));
    const text = lines.join("\n") + "\n";
    return `${text}Z ${number} ${lines.length} ${sum(text)}\n`;
}

/* In pieces, as they come from a live system. */
function events(number) {
    const time = BEGIN + number * TENTH;
    const pieces = Array.from({ length: PIECES }, () => "");
    for (let k = 0; k < SWITCHES; k++) {
        const pid = (number * 13 + k * 7) % PROCESSES + 1;
        const at = time + (k + 1) * 900;
        pieces[Math.floor(k * PIECES / SWITCHES)] += `R ${at} 0 ${pid} r\n` +
            (k % 5 === 4 ? `E ${at + 400} 0 wake ${pid} 64 7f000000 ${hex(pid * 4)} 0\n` : "");
    }
    return pieces;
}

/* For each tenth of a second, the pieces of the feed. */
export function crowd(tenths) {
    return Array.from({ length: tenths }, (_, i) => [(i ? "" : "KSM-FEED 1 1.0\n") + frame(i + 1), ...events(i + 1)]);
}
