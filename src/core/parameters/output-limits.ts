/** `client-output-buffer-limit`: for each class of clients, how many bytes of replies may wait. It closes nobody. */
import type { OutputLimit, OutputLimits } from "../../protocol/resp/limits.ts";
import { parseMemory, type Reading } from "./parameter-kinds.ts";

const BAD_COUNT = "Wrong number of arguments in buffer limit configuration.";
const BAD_CLASS = "Invalid client class specified in buffer limit configuration.";
const BAD_VALUE = "Error in hard, soft or soft_seconds setting in buffer limit configuration.";
/** Ours: members replicate over links of their own. */
const NO_REPLICAS = "can't set immutable config: replicas are no clients here, their limit stays 0 0 0";

/** @param text one or more of `<class> <hard> <soft> <seconds>`; a class left out stays as it is in `now`. */
export function readOutputLimits(text: string, now: OutputLimits): Reading {
  const words = text.split(" ").filter((word) => word !== "");
  if (words.length % 4 !== 0) return { reason: BAD_COUNT };
  const next = { normal: now.normal, pubsub: now.pubsub };
  for (let at = 0; at < words.length; at += 4) {
    const [name = "", hard = "", soft = "", seconds = ""] = words.slice(at, at + 4);
    const limit = readLimit(hard, soft, seconds);
    if (limit === undefined) return { reason: BAD_VALUE };
    const group = name.toLowerCase();
    if (group === "normal" || group === "pubsub") next[group] = limit;
    else if (group !== "slave" && group !== "replica") return { reason: BAD_CLASS };
    else if (limit.hardBytes !== 0 || limit.softBytes !== 0 || limit.softSec !== 0) {
      return { reason: NO_REPLICAS };
    }
  }
  return { value: formatOutputLimits(next) };
}

export function formatOutputLimits({ normal, pubsub }: OutputLimits): string {
  const numbers = (limit: OutputLimit): string => `${limit.hardBytes} ${limit.softBytes} ${limit.softSec}`;
  return `normal ${numbers(normal)} slave 0 0 0 pubsub ${numbers(pubsub)}`;
}

/** @param value as `readOutputLimits` gave it. */
export function applyOutputLimits(value: string, limits: OutputLimits): void {
  const words = value.split(" ");
  const numbers = (at: number): OutputLimit => ({
    hardBytes: Number(words[at]),
    softBytes: Number(words[at + 1]),
    softSec: Number(words[at + 2]),
  });
  Object.assign(limits.normal, numbers(1));
  Object.assign(limits.pubsub, numbers(9));
}

function readLimit(hard: string, soft: string, seconds: string): OutputLimit | undefined {
  const hardBytes = parseMemory(hard);
  const softBytes = parseMemory(soft);
  if (hardBytes === undefined || softBytes === undefined || !/^\d{1,9}$/.test(seconds)) return undefined;
  return { hardBytes, softBytes, softSec: Number(seconds) };
}
