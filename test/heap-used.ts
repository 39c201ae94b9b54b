/** What lives in V8's heap, garbage collected. */
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

setFlagsFromString("--expose-gc");
const collect: () => void = runInNewContext("gc");

/** @returns bytes. */
export function heapUsed(): number {
  collect();
  return process.memoryUsage().heapUsed;
}
