/**
 * Carries out the effects of a sentinel's core: hands each to the peers, the disk, the clients or the log that it is meant for.
 * That a state is saved comes back as an event. Decides nothing; stops the process rather than let an answer go back.
 */
import { InterrexError, invariant } from "../src/base/errors.ts";
import type { Clock } from "../src/io/clock.ts";
import type { Logger } from "../src/io/logger.ts";
import type { PeerNetwork } from "../src/io/peer/peer-network.ts";
import { compareRecordNumbers, type GroupRecord, type RecordNumber } from "../src/rules/group-record.ts";
import { messageOf } from "./clients/event-payload.ts";
import type { SentinelClients } from "./clients/sentinel-clients.ts";
import type { SentinelEffect } from "./core/outbox.ts";
import type { SentinelNotice } from "./core/sentinel-event.ts";
import type { SentinelInput } from "./core/sentinel-input.ts";
import type { SentinelState } from "./core/sentinel-state.ts";
import type { StateCell } from "./state-cell.ts";
import type { SurvivalLog } from "./survival-log.ts";

export interface EffectHandsParts {
  readonly network: PeerNetwork;
  readonly cell: StateCell;
  readonly clients: SentinelClients;
  readonly survival: SurvivalLog;
  readonly clock: Clock;
  readonly logger: Logger;
}

export interface EffectHandsShell {
  dispatch(input: SentinelInput): void;
  fail(error: Error): void;
  /** Clients are answered from this record from now on. */
  answersFrom(record: GroupRecord): void;
}

export class EffectHands {
  readonly #parts: EffectHandsParts;
  readonly #shell: EffectHandsShell;
  readonly #switches = new Map<string, number>();
  /** Number of the record that clients were last answered from, by group. */
  readonly #answered = new Map<string, RecordNumber>();

  constructor(parts: EffectHandsParts, shell: EffectHandsShell) {
    this.#parts = parts;
    this.#shell = shell;
  }

  /** `+switch-master` events since the start, by group. */
  get switches(): ReadonlyMap<string, number> {
    return this.#switches;
  }

  carryOut(effect: SentinelEffect): void {
    const { network, clients, clock, logger } = this.#parts;
    switch (effect.type) {
      case "send":
        network.send(effect.link, effect.message);
        return;
      case "closeLink":
        network.closeLink(effect.link);
        return;
      case "setPeers":
        network.setTargets(effect.targets);
        return;
      case "probe":
        network.probe(effect.target);
        return;
      case "saveState":
        this.#save(effect.version, effect.state);
        return;
      case "notice":
        this.#note(effect.notice);
        clients.publish(effect.notice, clock.now().monoMs);
        return;
      case "operatorReply":
        clients.operatorReplied(effect.id, effect);
        return;
      case "masterChanged":
        this.#answerFrom(effect.record);
        return;
      case "log":
        logger[effect.level]({ ...effect.fields, event: effect.event }, effect.text);
    }
  }

  #save(version: number, state: SentinelState): void {
    const { dispatch, fail } = this.#shell;
    this.#parts.cell.save(Buffer.from(JSON.stringify(state), "utf8")).then(
      () => dispatch({ type: "stateSaved", version }),
      (cause: unknown) =>
        fail(new InterrexError("STATE_NOT_SAVED", "Cannot save the votes and records", { cause })),
    );
  }

  #note(notice: SentinelNotice): void {
    if (notice.channel === "+switch-master") {
      this.#switches.set(notice.group, (this.#switches.get(notice.group) ?? 0) + 1);
    }
    const { channel, payload } = messageOf(notice);
    this.#parts.logger.info({ event: channel, payload }, `${channel} ${payload}`);
  }

  #answerFrom(record: GroupRecord): void {
    const before = this.#answered.get(record.name);
    invariant(
      before === undefined || compareRecordNumbers(record.number, before) >= 0,
      "S9: a sentinel's answers never go back",
    );
    this.#answered.set(record.name, record.number);
    this.#parts.survival.sayRecorded(record);
    this.#shell.answersFrom(record);
  }
}
