/** Where the command writes: answers to stdout, everything else to stderr; colours and motion only for people. */

/** SGR codes: on, off. */
const STYLES = {
  bold: [1, 22],
  dim: [2, 22],
  red: [31, 39],
  green: [32, 39],
  yellow: [33, 39],
  cyan: [36, 39],
} as const;

export type Style = keyof typeof STYLES;

export interface Terminal {
  /** Writes to stdout as it is. */
  out(text: string): void;
  /** Writes to stderr as it is. */
  err(text: string): void;
  /** Someone reads stdout on a terminal and has not said NO_COLOR. */
  readonly colours: boolean;
  /** stderr is a terminal: a line may be rewritten in place. */
  readonly live: boolean;
}

/** The process's own streams. */
export function processTerminal(): Terminal {
  const plain = process.env.NO_COLOR !== undefined && process.env.NO_COLOR !== "";
  const dumb = process.env.TERM === "dumb";
  return {
    out: (text) => void process.stdout.write(text),
    err: (text) => void process.stderr.write(text),
    colours: process.stdout.isTTY === true && !plain && !dumb,
    live: process.stderr.isTTY === true && !dumb,
  };
}

/** `text` in that style where colours are wanted, else as it is. */
export function paint(terminal: Pick<Terminal, "colours">, style: Style, text: string): string {
  if (!terminal.colours) return text;
  const [on, off] = STYLES[style];
  return `\u001b[${on}m${text}\u001b[${off}m`;
}

export function printJson(terminal: Terminal, value: unknown): void {
  terminal.out(`${JSON.stringify(value)}\n`);
}
