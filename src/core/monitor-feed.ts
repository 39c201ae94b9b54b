/** MONITOR: how an executed command is shown, and what of it nobody may see. It sends nothing. */
import type { Millis } from "../base/ids.ts";

const REDACTED = "(redacted)";
const TOO_LONG = "(too long)";
/** Of a byte, once it is quoted. */
const QUOTED_BYTES_MAX = 4;
const ESCAPES: ReadonlyMap<string, string> = new Map([
  ["\\", "\\\\"],
  ['"', '\\"'],
  ["\n", "\\n"],
  ["\r", "\\r"],
  ["\t", "\\t"],
  ["\x07", "\\a"],
  ["\b", "\\b"],
]);

/** One line, encoded. @param address of the client, or `lua`. */
export function monitorLine(
  argv: readonly string[],
  from: { readonly address: string; readonly db: number; readonly nowMs: Millis },
): string {
  const seconds = Math.floor(from.nowMs / 1000);
  const micros = String(Math.floor((from.nowMs - seconds * 1000) * 1000)).padStart(6, "0");
  return `+${seconds}.${micros} [${from.db} ${from.address}] ${argv.map(quoted).join(" ")}\r\n`;
}

/** Only the name of a command that would take more than so many bytes to show. */
export function shortened(argv: readonly string[], bytesMax: number): readonly string[] {
  let bytes = 0;
  for (const argument of argv) bytes += argument.length * QUOTED_BYTES_MAX + 3;
  return bytes <= bytesMax ? argv : [argv[0] ?? "", TOO_LONG];
}

/** Passwords are told to nobody. @param name of the command, lower case. */
export function redacted(name: string, argv: readonly string[]): readonly string[] {
  if (name === "auth") return argv.map((argument, at) => (at === 0 ? argument : REDACTED));
  if (name === "hello") {
    const login = argv.findIndex((argument, at) => at > 1 && argument.toUpperCase() === "AUTH");
    if (login < 0) return argv;
    return argv.map((argument, at) => (at === login + 1 || at === login + 2 ? REDACTED : argument));
  }
  if (name !== "config|set") return argv;
  return argv.map((argument, at) => (at % 2 === 1 && isSecret(argv[at - 1] ?? "") ? REDACTED : argument));
}

function isSecret(parameter: string): boolean {
  return /^(masterauth|masteruser|requirepass)$/i.test(parameter);
}

/** As Redis prints bytes: printable ASCII as it is. */
function quoted(text: string): string {
  if (/^[ !#-[\]-~]*$/.test(text)) return `"${text}"`;
  let shown = "";
  for (const char of text) {
    const code = char.charCodeAt(0);
    const short = ESCAPES.get(char);
    if (short !== undefined) shown += short;
    else if (code < 32 || code > 126) shown += `\\x${code.toString(16).padStart(2, "0")}`;
    else shown += char;
  }
  return `"${shown}"`;
}
