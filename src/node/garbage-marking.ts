/**
 * How V8 marks what lives in the old generation: beside the thread that serves, as far as it can.
 *
 * Each turn of the event loop V8 also gives that thread a share, by the time that has passed, and has it catch up in the
 * midst of commands: among a million keys one turn took 90 ms of it on two cores, for a turn that had 10 ms of work. What
 * it marks as it allocates is a small share for each piece, and enough: marking ends a third later and is waited for by nobody.
 *
 * That is the V8 of Node 20. Since Node 22 a turn's share is a millisecond at most, and V8 takes the order no more once it runs.
 */
import { setFlagsFromString } from "node:v8";

/** For processes that run one node; it holds for all that is in the process, from now on. */
export function markGarbageAside(): void {
  setFlagsFromString("--no-incremental-marking-task");
}
