/** When a process began, as the kernel tells it: with its pid, that tells it from every other one of this boot. */
import { readFileSync } from "node:fs";

/** Field 22 of /proc/PID/stat, clock ticks from boot to the start; `null` without such a file, or for a zombie. */
export function startOf(pid: number): string | null {
  let stat: string;
  try {
    stat = readFileSync(`/proc/${pid}/stat`, "utf8");
  } catch {
    return null;
  }
  // The second field is the program's name in brackets and may hold spaces: count from behind it.
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return fields[0] === "Z" ? null : (fields[19] ?? null);
}
