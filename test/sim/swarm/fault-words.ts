/** Says what a planned fault does, for people. Pure; what a fault draws while it runs (who is master, say) it can't know. */
import { nodeNames, type Plan, type PlannedFault } from "./plan.ts";
import { drawTargets } from "./targets.ts";

/** `#17 at 2134 ms, for 420 ms: pause n2` */
export function faultWords(fault: PlannedFault, plan: Plan): string {
  const lasts = LASTLESS.has(fault.kind) ? "" : `, for ${fault.lastsMs.toFixed(0)} ms`;
  return `#${fault.number} at ${fault.atMs.toFixed(0)} ms${lasts}: ${kindWords(fault, plan)}`;
}

export function kindWords(fault: PlannedFault, plan: Plan): string {
  const nodes = nodeNames(plan);
  const { node, sentinel } = drawTargets(fault, nodes.length, plan.sentinels);
  const words = WORDS[fault.kind] ?? fault.kind.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);
  return words.replace("{n}", nodes[node] ?? "").replace("{s}", `s${sentinel + 1}`);
}

/** They are over at once. */
const LASTLESS: ReadonlySet<string> = new Set([
  "resetLinks",
  "clockJump",
  "snapshot",
  "switchover",
  "failover",
]);

/** {n} and {s} are the node and the sentinel that the fault draws. A kind that is not here is said as it is named. */
const WORDS: Readonly<Record<string, string>> = {
  killNode: "kill {n}",
  killMaster: "kill the master",
  killAllNodes: "kill all nodes",
  crashMidway: "crash {n} between two effects",
  crashMasterMidway: "crash the master between two effects",
  pauseNode: "pause {n}",
  pauseMaster: "pause the master",
  rebootNode: "cut the power of {n}",
  wipeNode: "wipe {n}",
  stopCleanly: "stop {n} in good order",
  killSentinel: "kill {s}",
  crashSentinelMidway: "crash {s} between two effects",
  pauseSentinel: "pause {s}",
  wipeSentinel: "wipe {s}",
  partition: "split the network in two",
  isolateMaster: "cut the master off, perhaps with others",
  oneWayIn: "nothing reaches {n}",
  oneWayOut: "nothing that {n} says arrives",
  cutPair: "cut two hosts off from each other",
  bridge: "two sides see each other only through one host",
  resetLinks: "reset all links of {n}",
  hideMaster: "hide the master from the sentinels",
  loseMasterTwice: "cut the master off with its clients, then kill its successor",
  moveNode: "{n}, or an empty successor, comes back at another address; the sentinels start anew",
  lossyLinks: "some links lose packets",
  refuseDials: "connects to {n} or to {s} are refused",
  rotRecord: "a record on the disk of {n} rots",
  failDisk: "the disk of {n} fails",
  powerCutAll: "cut the power of all nodes of {n}'s group",
  wipeSentinels: "wipe some sentinels",
  slowLinks: "slow some links down",
  slowDisk: "slow the disk of {n} down",
  diskFull: "fill the disk of {n}",
  clockJump: "the clocks of {n} and {s} jump",
  snapshot: "snapshot on {n}",
  switchover: "an operator asks {s} for a switchover",
  failover: "an operator asks {s} for a failover",
};
