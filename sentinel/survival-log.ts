/**
 * Says in the log what each group survives: at the start as configured, then as its record has it, where that differs.
 * Works none of it out (`survival.ts`).
 */
import type { Logger } from "../src/io/logger.ts";
import type { GroupRecord } from "../src/rules/group-record.ts";
import type { SentinelConfig } from "./sentinel-config.ts";
import { survivalOf } from "./survival.ts";

export class SurvivalLog {
  readonly #config: SentinelConfig;
  readonly #log: Logger;
  /** What was last said, by group. */
  readonly #said = new Map<string, string>();

  constructor(config: SentinelConfig, logger: Logger) {
    this.#config = config;
    this.#log = logger;
  }

  sayConfigured(): void {
    const { groups, sentinels } = this.#config;
    for (const group of groups) this.#say(group.name, survivalOf(group, sentinels.length));
  }

  /** The record knows which nodes vote, and rules over the configuration. */
  sayRecorded({ name, members: nodes, mode, copies }: GroupRecord): void {
    const { groups, sentinels } = this.#config;
    const group = groups.find((each) => each.name === name);
    if (group === undefined) return;
    const standing = { nodes, replication: { mode, copies }, quorum: group.quorum };
    this.#say(name, survivalOf(standing, sentinels.length));
  }

  #say(group: string, survives: string): void {
    if (this.#said.get(group) === survives) return;
    this.#said.set(group, survives);
    this.#log.info({ event: "survives", group, survives }, `${group} survives: ${survives}`);
  }
}
