/** `interrex status`: everything that one sentinel knows of a group, on one screen. */
import type { Command } from "commander";
import { addSentinelFlags, askStatus, type SentinelFlags } from "../sentinel-client.ts";
import { statusLines } from "../status-report.ts";
import { printJson, type Terminal } from "../terminal.ts";

export function registerStatusCommand(program: Command, terminal: Terminal): void {
  const command = program
    .command("status")
    .description("show who is what, how far behind, who is down, and what keeps a failover from happening");
  addSentinelFlags(command).action(async (flags: SentinelFlags) => {
    const { from, view } = await askStatus(flags);
    if (flags.json === true) printJson(terminal, view);
    else terminal.out(`${statusLines(view, { asked: from, terminal }).join("\n")}\n`);
  });
}
