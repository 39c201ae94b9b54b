/** `interrex recover`: goes on from a named node although acknowledged writes may be lost. Asks for that in words. */
import type { Command } from "commander";
import { InterrexError } from "../../src/base/errors.ts";
import { addSentinelFlags, type SentinelFlags } from "../sentinel-client.ts";
import type { Terminal } from "../terminal.ts";
import { operate } from "./operate.ts";

interface RecoverFlags extends SentinelFlags {
  readonly acceptLoss?: boolean;
}

export function registerRecoverCommand(program: Command, terminal: Terminal): void {
  const command = program
    .command("recover")
    .description("go on from this node although too few members are left to be sure that nothing is lost")
    .argument("<id>", "the node to go on from")
    .option("--accept-loss", "required: acknowledged writes may be lost");
  addSentinelFlags(command).action(async (id: string, flags: RecoverFlags) => {
    if (flags.acceptLoss !== true) {
      throw new InterrexError(
        "BAD_FLAG",
        `Going on from ${id} may lose acknowledged writes that only other members hold; ` +
          "look at `interrex status` first, then say --accept-loss",
      );
    }
    await operate(terminal, flags, {
      args: ["RECOVER", flags.group, id, "ACCEPT-LOSS"],
      doing: `recovering ${flags.group} from ${id}`,
    });
  });
}
