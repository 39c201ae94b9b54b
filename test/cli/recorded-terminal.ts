/** A terminal that remembers what was written to it. */
import type { Terminal } from "../../cli/terminal.ts";

export interface RecordedTerminal extends Terminal {
  stdout: string;
  stderr: string;
}

export function recordedTerminal(looks: { colours?: boolean; live?: boolean } = {}): RecordedTerminal {
  const terminal: RecordedTerminal = {
    stdout: "",
    stderr: "",
    colours: looks.colours ?? false,
    live: looks.live ?? false,
    out(text) {
      terminal.stdout += text;
    },
    err(text) {
      terminal.stderr += text;
    },
  };
  return terminal;
}
