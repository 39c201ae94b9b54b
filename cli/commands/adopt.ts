/** `interrex adopt`: makes sentinels without a record take over the data that a named node holds. */
import type { Command } from "commander";
import { addSentinelFlags, type SentinelFlags } from "../sentinel-client.ts";
import type { Terminal } from "../terminal.ts";
import { operate } from "./operate.ts";

export function registerAdoptCommand(program: Command, terminal: Terminal): void {
  const command = program
    .command("adopt")
    .description("begin a group from a node that has data, when the sentinels hold no record of it")
    .argument("<id>", "the node whose data counts; the others will follow it");
  addSentinelFlags(command).action(async (id: string, flags: SentinelFlags) => {
    await operate(terminal, flags, {
      args: ["ADOPT", flags.group, id],
      doing: `adopting ${id} as master of ${flags.group}`,
    });
  });
}
