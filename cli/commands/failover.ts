/** `interrex failover`: orders a failover, by handover or by force, and says who is master then. */
import type { Command } from "commander";
import { InterrexError } from "../../src/base/errors.ts";
import { addSentinelFlags, askStatus, type SentinelFlags } from "../sentinel-client.ts";
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
      done: async (sentinel) => await outcome({ ...flags, sentinel: [sentinel] }),
    });
  });
}

/** The answer to the order itself is Redis's OK. The failover is done then, also where nobody can be asked who is master. */
async function outcome(flags: SentinelFlags): Promise<string> {
  try {
    const { master } = (await askStatus(flags)).view;
    if (master !== null) return `${flags.group} is failed over: ${master.id} is the master`;
  } catch (error) {
    if (!(error instanceof InterrexError)) throw error;
  }
  return `${flags.group} is failed over; see \`interrex status\` for its master`;
}
