/** Reads from the members' logs who became master, and when. */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Millis } from "../../src/base/ids.ts";
import type { Reign } from "./lease-bound.ts";

interface LogLine {
  readonly event?: string;
  readonly time?: string;
  readonly inPlace?: boolean;
}

/** @param wallToMachineMs what to add to a wall-clock time for the clock of the history. */
export function reignsIn(directory: string, ids: readonly string[], wallToMachineMs: Millis): Reign[] {
  return ids.flatMap((id) =>
    linesOf(join(directory, id, `${id}.log`))
      .filter(({ event, inPlace }) => event === "reign" && inPlace !== true)
      .map(({ time }) => ({ master: id, atMs: Date.parse(String(time)) + wallToMachineMs })),
  );
}

function linesOf(path: string): LogLine[] {
  if (!existsSync(path)) return [];
  return readFileSync(path, "utf8")
    .split("\n")
    .filter((line) => line.startsWith("{") && line.endsWith("}"))
    .map((line) => JSON.parse(line) as LogLine);
}
