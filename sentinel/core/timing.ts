/** The fixed times of the sentinel's core, in milliseconds, and those that follow from down-after. */
import type { Millis } from "../../src/base/ids.ts";

/** Reports are the sentinels' heartbeat; three of them fit into `PEER_SILENCE_MS`. */
const REPORT_PERIOD_MS_MAX: Millis = 300;
/** Of who leads; three of them fit into `LEADER_SILENCE_MS`. */
export const LEADER_REPORT_PERIOD_MS: Millis = 100;
/** A leader that nobody heard for so long is taken for gone. */
export const LEADER_SILENCE_MS: Millis = 300;
/** A sentinel without a word for so long counts for nothing. */
export const PEER_SILENCE_MS: Millis = 1000;
/** A steward unheard for so long is succeeded, once a record must be written. */
export const STEWARD_SILENCE_MS: Millis = 1000;
/** Each rank waits so long after the one before it, so that normally one asks. */
export const RANK_DELAY_MS: Millis = 20;
export const PROBE_SPACING_MS: Millis = 10;
export const ASK_TIMEOUT_MS: Millis = 500;
export const RETRY_MS_MIN: Millis = 50;
export const RETRY_MS_MAX: Millis = 300;
/** Back-off doubles up to this many times. */
export const RETRY_DOUBLINGS_MAX = 4;
/** Grace for members that have not answered the seal, where acknowledged writes don't depend on it. */
export const SEAL_GRACE_MS: Millis = 10;
/** Beyond the longest lease: for answers that are under way. */
export const STEP_SLACK_MS: Millis = 1000;
/** Replies to clients are held at most this long for the new master. */
export const HOLD_MS_MAX: Millis = 500;
/** A member that does not show the standing record is handed it again, no more often than this. */
export const HAND_OUT_AGAIN_MS: Millis = 500;
/** A stall or a clock jump shorter than this never matters. */
const STALL_MS_MIN: Millis = 50;

/** Three of them fit into down-after as well: after that much silence a sentinel is flagged as down. */
export function reportPeriodMs(downAfterMs: Millis): Millis {
  return Math.min(REPORT_PERIOD_MS_MAX, downAfterMs / 3);
}

export function stallToleranceMs(downAfterMs: Millis): Millis {
  return Math.max(STALL_MS_MIN, downAfterMs / 4);
}

export function earliest(certain: Millis, ...others: readonly (Millis | undefined)[]): Millis;
export function earliest(...times: readonly (Millis | undefined)[]): Millis | undefined;
export function earliest(...times: readonly (Millis | undefined)[]): Millis | undefined {
  let first: Millis | undefined;
  for (const time of times) {
    if (time !== undefined && (first === undefined || time < first)) first = time;
  }
  return first;
}
