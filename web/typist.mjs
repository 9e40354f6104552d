/*
 * typist.mjs - types the commands of a step at the shell, each when the prompt is back.
 */

const KEY_MS = 12;
const EMPTY_LINE = "\x05\x15"; // Ctrl-E Ctrl-U: what the user has begun to type is no part of a command
const LONGEST = 4096; // characters of a line that are kept
const ESCAPE = /\x1b\[[0-9;?]*[A-Za-z]/g;

const sleep = ms => new Promise(resolve => setTimeout(resolve, ms));

export class Typist {
    #type;
    #slowly;
    #text = ""; // what the guest has written since the last command was typed, but for the lines that were looked at
    #look = null; // called when there is more of it
    #turn = 0;

    /* type: sends text to the guest; slowly: whether keys are typed one by one, to be watched. */
    constructor(type, slowly) {
        this.#type = type;
        this.#slowly = slowly;
    }

    /* What the guest writes comes here as well. */
    heard(text) {
        if (!this.#look)
            return;
        this.#text += text;
        this.#look();
    }

    stop() {
        this.#turn++;
        this.#look?.();
    }

    /* Resolves to true once all commands were typed and the last has given the prompt back; false: it was stopped. */
    async run(commands) {
        const turn = ++this.#turn;
        for (const command of commands) {
            this.#type(EMPTY_LINE);
            await this.#keys(command, turn);
            if (turn !== this.#turn)
                return false;
            this.#text = "";
            this.#type("\n");
            await this.#until(() => turn !== this.#turn || this.#isBack());
            if (turn !== this.#turn)
                return false;
        }
        return true;
    }

    async #keys(command, turn) {
        if (!this.#slowly()) {
            this.#type(command);
            return;
        }
        for (const key of command) {
            if (turn !== this.#turn)
                return;
            this.#type(key);
            await sleep(KEY_MS);
        }
    }

    /* A line after the command's own that begins with a prompt.  Programs in the background may write after it. */
    #isBack() {
        const [, ...after] = this.#text.replace(ESCAPE, "").split(/\r*\n/);
        if (after.some(line => /(^|\r)\$ /.test(line)))
            return true;
        const rest = this.#text.slice(this.#text.lastIndexOf("\n")); // the guest may write without end
        this.#text = rest.length > LONGEST ? `\n ${rest.slice(-LONGEST)}` : after.length ? rest : this.#text;
        return false;
    }

    #until(condition) {
        return new Promise(resolve => {
            this.#look = () => {
                if (condition()) {
                    this.#look = null;
                    resolve();
                }
            };
            this.#look();
        });
    }
}
