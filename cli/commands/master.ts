/** `interrex master`: prints where the master is, as any Redis client would learn it. */
import type { Command } from "commander";
import { InterrexError } from "../../src/base/errors.ts";
import { type HostPort, hostPortText } from "../flags.ts";
import { addSentinelFlags, askSentinel, type SentinelFlags } from "../sentinel-client.ts";
import { printJson, type Terminal } from "../terminal.ts";

export function registerMasterCommand(program: Command, terminal: Terminal): void {
  const command = program.command("master").description("print the address of the current master");
  addSentinelFlags(command).action(async (flags: SentinelFlags) => {
    const { value } = await askSentinel(flags, ["GET-MASTER-ADDR-BY-NAME", flags.group]);
    if (!Array.isArray(value)) {
      throw new InterrexError(
        "NO_MASTER",
        `The sentinels know no master of "${flags.group}"; \`interrex status\` says why, --group names another group`,
      );
    }
    const master: HostPort = { host: String(value[0]), port: Number(value[1]) };
    if (flags.json === true) printJson(terminal, { group: flags.group, ...master });
    else terminal.out(`${hostPortText(master)}\n`);
  });
}
