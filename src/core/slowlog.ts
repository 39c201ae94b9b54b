/**
 * SLOWLOG: the commands that took longest of late, with their arguments cut short as Redis cuts them. It is told how long
 * each took; it measures nothing.
 */
import type { Millis } from "../base/ids.ts";

const ARGUMENTS_MAX = 32;
const ARGUMENT_BYTES_MAX = 128;

/** Longer than a quick command takes, unless the process was stopped meanwhile. */
const QUICK_US = 1000;

export interface SlowCommand {
  readonly id: number;
  readonly atSec: number;
  readonly durationUs: number;
  readonly argv: readonly string[];
  readonly address: string;
  readonly name: string;
}

export class Slowlog {
  #thresholdUs = 10_000;
  /** The threshold is so low that even quick commands may come to it. */
  timesAll = false;
  #entriesMax = 128;
  /** Newest last. */
  #entries: SlowCommand[] = [];
  #nextId = 0;

  /** Negative: nothing is kept. 0: everything. */
  get thresholdUs(): number {
    return this.#thresholdUs;
  }

  set thresholdUs(limit: number) {
    this.#thresholdUs = limit;
    this.timesAll = limit >= 0 && limit < QUICK_US;
  }

  get size(): number {
    return this.#entries.length;
  }

  set entriesMax(count: number) {
    this.#entriesMax = count;
    this.#trim();
  }

  /** @param argv what must not be told is redacted already. */
  note(
    argv: readonly string[],
    durationUs: number,
    from: { readonly address: string; readonly name: string; readonly nowMs: Millis },
  ): void {
    if (this.thresholdUs < 0 || durationUs < this.thresholdUs) return;
    this.#entries.push({
      id: this.#nextId,
      atSec: Math.floor(from.nowMs / 1000),
      durationUs,
      argv: shortened(argv),
      address: from.address,
      name: from.name,
    });
    this.#nextId += 1;
    this.#trim();
  }

  /** Newest first. @param count -1 for all. */
  latest(count: number): SlowCommand[] {
    const entries = this.#entries.toReversed();
    return count < 0 ? entries : entries.slice(0, count);
  }

  clear(): void {
    this.#entries = [];
  }

  #trim(): void {
    const surplus = this.#entries.length - this.#entriesMax;
    if (surplus > 0) this.#entries.splice(0, surplus);
  }
}

function shortened(argv: readonly string[]): string[] {
  const kept = argv.length > ARGUMENTS_MAX ? argv.slice(0, ARGUMENTS_MAX - 1) : argv;
  const texts = kept.map((argument) => {
    const surplus = argument.length - ARGUMENT_BYTES_MAX;
    if (surplus <= 0) return argument;
    return `${argument.slice(0, ARGUMENT_BYTES_MAX)}... (${surplus} more bytes)`;
  });
  if (kept !== argv) texts.push(`... (${argv.length - kept.length} more arguments)`);
  return texts;
}
