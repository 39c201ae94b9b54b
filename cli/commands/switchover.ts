/** `interrex switchover`: hands the master's role over while the old master is alive; nothing is lost. */
import type { Command } from "commander";
import { addSentinelFlags, type SentinelFlags } from "../sentinel-client.ts";
import type { Terminal } from "../terminal.ts";
import { operate } from "./operate.ts";

export function registerSwitchoverCommand(program: Command, terminal: Terminal): void {
  const command = program
    .command("switchover")
    .description("hand the master's role over, planned: nothing is lost, nothing is uncertain")
    .argument("[to]", "id of the new master (default: the sentinels choose)");
  addSentinelFlags(command).action(async (to: string | undefined, flags: SentinelFlags) => {
    await operate(terminal, flags, {
      args: ["SWITCHOVER", flags.group, ...(to === undefined ? [] : ["TO", to])],
      doing: `switching ${flags.group} over${to === undefined ? "" : ` to ${to}`}`,
    });
  });
}
