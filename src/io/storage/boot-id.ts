/** Tells one boot of this machine from the next, so that a process crash is not taken for a power cut. */
import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import { promisify } from "node:util";

const LINUX_BOOT_ID = "/proc/sys/kernel/random/boot_id";

/** The id of the machine's present boot; `null` where the system has none, which counts as rebooted. */
export async function readBootId(): Promise<string | null> {
  try {
    if (process.platform === "linux") return known(await readFile(LINUX_BOOT_ID, "latin1"));
    if (process.platform === "darwin") {
      return known((await promisify(execFile)("sysctl", ["-n", "kern.bootsessionuuid"])).stdout);
    }
    return null;
  } catch {
    // No id to be had, for whatever reason: the caller takes that for a reboot, the safe side.
    return null;
  }
}

function known(text: string): string | null {
  const id = text.trim();
  return id === "" ? null : id;
}
