/** `interrex failover`: orders a failover without the old master's help. */
import type { Command } from "commander";
import { addSentinelFlags, type SentinelFlags } from "../sentinel-client.ts";
import type { Terminal } from "../terminal.ts";
import { operate } from "./operate.ts";

export function registerFailoverCommand(program: Command, terminal: Terminal): void {
  const command = program
    .command("failover")
    .description(
      "fail over now: by handover if the master agrees, by force if it does not (prefer switchover)",
    );
  addSentinelFlags(command).action(async (flags: SentinelFlags) => {
    await operate(terminal, flags, {
      args: ["FAILOVER", flags.group],
      doing: `failing ${flags.group} over`,
      done: `the failover of ${flags.group} is under way`,
    });
  });
}
