/** `interrex history`: the failovers and switchovers that the sentinel remembers. */
import type { Command } from "commander";
import type { HistoryEntry } from "../../sentinel/core/view.ts";
import { durationText } from "../duration.ts";
import { addSentinelFlags, askSentinel, parseAnswer, type SentinelFlags } from "../sentinel-client.ts";
import { layOut } from "../table.ts";
import { paint, printJson, type Terminal } from "../terminal.ts";

export function registerHistoryCommand(program: Command, terminal: Terminal): void {
  const command = program.command("history").description("list the failovers and switchovers, newest last");
  addSentinelFlags(command).action(async (flags: SentinelFlags) => {
    const { from, value } = await askSentinel(flags, ["HISTORY", flags.group]);
    const entries = parseAnswer<readonly HistoryEntry[]>(value, from);
    if (flags.json === true) printJson(terminal, entries);
    else terminal.out(`${historyLines(entries, terminal).join("\n")}\n`);
  });
}

export function historyLines(
  entries: readonly HistoryEntry[],
  terminal: Pick<Terminal, "colours">,
): string[] {
  if (entries.length === 0) return ["nothing yet"];
  const header = ["WHEN", "EPOCH", "MASTER", "TOOK", "REASON"].map((title) => paint(terminal, "dim", title));
  return layOut([
    header,
    ...entries.map((entry) => [
      new Date(entry.atWallMs).toISOString(),
      String(entry.epoch),
      entry.from === entry.to
        ? `${entry.to ?? "none"} again`
        : `${entry.from ?? "none"} -> ${entry.to ?? "none"}`,
      entry.tookMs === null ? "-" : durationText(entry.tookMs),
      entry.reason,
    ]),
  ]);
}
