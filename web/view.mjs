// The page of ./ksm view: the picture, and the feed from the tool that serves the page.

import { createPicture } from "./picture/picture.mjs";

const picture = createPicture(document.getElementById("picture"));

async function follow() {
    const title = await fetch("title");
    document.getElementById("what").textContent = await title.text();
    const response = await fetch("feed");
    const text = response.body.pipeThrough(new TextDecoderStream("latin1")).getReader();
    for (let piece = await text.read(); !piece.done; piece = await text.read())
        picture.push(piece.value);
    picture.end();
}

follow().catch(() => picture.fail("./ksm view has ended. Start it again, and reload this page."));
