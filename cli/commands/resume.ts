/** `interrex resume`: ends maintenance. */
import type { Command } from "commander";
import { addSentinelFlags, type SentinelFlags } from "../sentinel-client.ts";
import type { Terminal } from "../terminal.ts";
import { operate } from "./operate.ts";

export function registerResumeCommand(program: Command, terminal: Terminal): void {
  const command = program.command("resume").description("end maintenance: automatic failover works again");
  addSentinelFlags(command).action(async (flags: SentinelFlags) => {
    await operate(terminal, flags, {
      args: ["RESUME", flags.group],
      doing: `resuming ${flags.group}`,
      done: `automatic failover of ${flags.group} works again`,
    });
  });
}
