/** `interrex master`: prints where the master is, as any Redis client would learn it. */
import type { Command } from "commander";
import { hostPortText } from "../flags.ts";
import { addSentinelFlags, askMaster, type SentinelFlags } from "../sentinel-client.ts";
import { printJson, type Terminal } from "../terminal.ts";

export function registerMasterCommand(program: Command, terminal: Terminal): void {
  const command = program.command("master").description("print the address of the current master");
  addSentinelFlags(command).action(async (flags: SentinelFlags) => {
    const master = await askMaster(flags);
    if (flags.json === true) printJson(terminal, { group: flags.group, ...master });
    else terminal.out(`${hostPortText(master)}\n`);
  });
}
