/** Writes a planned process's directory and configuration file. Validates nothing: the process itself does. */
import { writeFileSync } from "node:fs";
import { stringify } from "yaml";
import { InterrexError } from "../../src/base/errors.ts";
import { makeDirectory } from "../../src/io/storage/make-directory.ts";
import type { PlannedProcess } from "./layout.ts";

/** @throws InterrexError `BAD_DATA_DIR` when the directory can't be written. */
export function writeConfig({ dir, configPath, file, kind }: PlannedProcess): void {
  const header = `# Written by \`interrex up\`, again at each start. Run it alone with: interrex ${kind} --config ${configPath}\n`;
  try {
    makeDirectory(dir);
    // Only its owner may read it: it can hold the password and the peers' secret.
    writeFileSync(configPath, header + stringify(file), { mode: 0o600 });
  } catch (cause) {
    const reason = (cause as Error).message;
    throw new InterrexError(
      "BAD_DATA_DIR",
      `Cannot write ${configPath}: ${reason}; choose another --data-dir`,
      {
        cause,
      },
    );
  }
}
