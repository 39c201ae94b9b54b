/** `interrex pause`: maintenance; the sentinels record it and start no failover of their own. */
import type { Command } from "commander";
import { addSentinelFlags, type SentinelFlags } from "../sentinel-client.ts";
import type { Terminal } from "../terminal.ts";
import { operate } from "./operate.ts";

export function registerPauseCommand(program: Command, terminal: Terminal): void {
  const command = program
    .command("pause")
    .description("maintenance: no automatic failover until `interrex resume`");
  addSentinelFlags(command).action(async (flags: SentinelFlags) => {
    await operate(terminal, flags, {
      args: ["PAUSE", flags.group],
      doing: `pausing ${flags.group}`,
      done: `${flags.group} is in maintenance: no automatic failover until \`interrex resume\``,
    });
  });
}
