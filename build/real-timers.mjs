/**
 * The clocks and timers that what is bundled goes by, in place of the global ones. A cluster of `startCluster()` shares its
 * process with a test that may put fake ones there (`vi.useFakeTimers()`), and would stand still with them: no election, no
 * time-out, no end of a wait. Taken when it is loaded, and where possible from modules, which a test that fakes the globals
 * before it imports anything leaves alone.
 */
import { performance as realPerformance } from "node:perf_hooks";
import * as timers from "node:timers";

// Constants, not re-exports: what a module of Node's exports can change later.
export const { setTimeout, clearTimeout, setInterval, clearInterval, setImmediate, clearImmediate } = timers;
export const performance = realPerformance;

const { now } = Date;
const { nextTick } = process;
const microtask = globalThis.queueMicrotask;

export { microtask as queueMicrotask, nextTick as "process.nextTick", now as "Date.now" };
