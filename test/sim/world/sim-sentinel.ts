/**
 * One sentinel in the simulated world: the real core, fed and served as `CoreLoop` does it, with a disk that keeps
 * its votes. It can end between any two effects. Decides nothing of the protocol.
 */

import type { SentinelCoreConfig } from "../../../sentinel/core/core-config.ts";
import type { SentinelEffect } from "../../../sentinel/core/outbox.ts";
import { SentinelCore } from "../../../sentinel/core/sentinel.ts";
import type { OperatorCommand, SentinelInput } from "../../../sentinel/core/sentinel-input.ts";
import type { SentinelState } from "../../../sentinel/core/sentinel-state.ts";
import type { GroupView } from "../../../sentinel/core/view.ts";
import type { Millis, SentinelId, StartId } from "../../../src/base/ids.ts";
import { type Randomness, SeededRandomness } from "../../../src/base/randomness.ts";
import type { PeerMessage } from "../../../src/protocol/peer/codec.ts";
import type { LinkId } from "../../../src/protocol/peer/identity.ts";
import type { NodeToSentinel } from "../../../src/protocol/peer/node-messages.ts";
import type { SentinelMessage } from "../../../src/protocol/peer/sentinel-messages.ts";
import type { ElectionRules } from "../../../src/rules/election-rules.ts";
import type { EventQueue } from "./event-queue.ts";
import type { Network } from "./network.ts";
import { type PeerDirectory, PeerKeeper } from "./peer-keeper.ts";
import type { SimProcess } from "./sim-process.ts";

export type SealedReply = Extract<NodeToSentinel, { type: "sealed" }>;

/** Hears of everything that a sentinel does, before the world does. */
export interface SentinelMonitor {
  sentinelStarted(sentinel: SimSentinel): void;
  /** A member's promise arrives. */
  sentinelHears(sentinel: SimSentinel, reply: SealedReply): void;
  sentinelEffect(sentinel: SimSentinel, effect: SentinelEffect): void;
  /** Its disk holds more now: called for each save, with nothing between. */
  sentinelSaved(sentinel: SimSentinel): void;
}

export interface SentinelWorld {
  readonly queue: EventQueue;
  readonly network: Network;
  readonly randomness: Randomness;
  readonly directory: PeerDirectory;
  readonly monitor: SentinelMonitor;
}

export class SimSentinel {
  readonly id: SentinelId;
  readonly url: string;
  readonly process: SimProcess;
  core: SentinelCore | null = null;
  keeper: PeerKeeper | null = null;
  /** What is durable. */
  disk: SentinelState | null = null;
  effectsToLive: number | null = null;
  onCrash: () => void = () => {};
  readonly #config: () => SentinelCoreConfig;
  /** As this life read it. */
  #configRead = "";
  readonly #rules: Partial<ElectionRules>;
  readonly #saveMs: Millis;
  readonly #voteEarly: boolean;
  readonly #world: SentinelWorld;
  #saves: Extract<SentinelEffect, { type: "saveState" }>[] = [];
  #timerAtMs: Millis | undefined;
  #timer = 0;
  #operations = 0;
  /** Clients whose questions are held back. */
  #held: { readonly group: string; readonly answer: (master: string | null) => void }[] = [];

  constructor(
    who: { id: SentinelId; url: string; process: SimProcess },
    settings: {
      /** Read at each start, as a file is. */
      config: () => SentinelCoreConfig;
      rules: Partial<ElectionRules>;
      saveMs: Millis;
      /** Sabotage: the core is told that it is saved before it is. */
      voteEarly: boolean;
    },
    world: SentinelWorld,
  ) {
    this.id = who.id;
    this.url = who.url;
    this.process = who.process;
    this.#config = settings.config;
    this.#rules = settings.rules;
    this.#saveMs = settings.saveMs;
    this.#voteEarly = settings.voteEarly;
    this.#world = world;
  }

  /** Its file has been edited since it was read. */
  get isOutOfDate(): boolean {
    return this.#configRead !== JSON.stringify(this.#config());
  }

  /** Of its latest process. */
  get startId(): StartId {
    return `${this.id}-life${this.process.life}` as StartId;
  }

  start(): void {
    this.process.begin();
    const config = this.#config();
    this.#configRead = JSON.stringify(config);
    const { queue, randomness, monitor } = this.#world;
    const { startId } = this;
    this.effectsToLive = null;
    this.#timerAtMs = undefined;
    this.core = new SentinelCore({
      config,
      startId,
      recovered: this.disk,
      rules: this.#rules,
      randomness: new SeededRandomness(randomness.below(2 ** 31)),
      now: this.process.instant(queue.nowMs),
    });
    this.keeper = new PeerKeeper(this.#world, {
      process: this.process,
      identity: { kind: "sentinel", id: this.id, startId },
      linkUp: (link, peer, dialled) => this.#input({ type: "linkUp", link, peer, dialled }),
      linkDown: (link) => this.#input({ type: "linkDown", link }),
      message: (link: LinkId, message: PeerMessage) => {
        if (message.type === "sealed") monitor.sentinelHears(this, message);
        this.#input({ type: "message", link, message: message as NodeToSentinel | SentinelMessage });
      },
    });
    monitor.sentinelStarted(this);
    this.#input({ type: "start" });
  }

  /** The process has ended; a save that was under way may have reached the disk, in order. */
  ended(): void {
    const reached = this.#world.randomness.below(this.#saves.length + 1);
    for (const { state } of this.#saves.slice(0, reached)) {
      this.disk = state;
      this.#world.monitor.sentinelSaved(this);
    }
    this.#saves = [];
    this.#held = [];
    this.core = null;
    this.keeper = null;
  }

  resume(): void {
    const waited = this.process.resume();
    const { life } = this.process;
    this.#input({ type: "tick" });
    for (const action of waited) this.process.deliver(life, action);
  }

  /** `undefined` while it does not run. */
  view(group: string): GroupView | undefined {
    return this.core?.view(group, this.process.instant(this.#world.queue.nowMs));
  }

  /** A client asks for the master. The answer is held back while the group changes hands, for ever if it dies. */
  askMaster(group: string, answer: (master: string | null) => void): void {
    this.#held.push({ group, answer });
    this.#answerHeld();
  }

  operator(command: OperatorCommand): void {
    this.#input({ type: "operator", id: ++this.#operations, command });
  }

  #input(input: SentinelInput): void {
    const { core } = this;
    if (core === null || !this.process.running) return;
    core.step(this.process.instant(this.#world.queue.nowMs), input);
    for (const effect of core.outbox.take()) {
      this.#world.monitor.sentinelEffect(this, effect);
      this.#carryOut(effect);
      if (this.effectsToLive !== null && --this.effectsToLive <= 0) {
        this.effectsToLive = null;
        this.onCrash();
        return;
      }
    }
    this.#answerHeld();
    this.#arm(core);
  }

  #answerHeld(): void {
    if (this.#held.length === 0) return;
    const held = this.#held;
    this.#held = [];
    for (const question of held) {
      const view = this.view(question.group);
      if (view === undefined || view.holding) this.#held.push(question);
      else question.answer(view.standing?.master ?? null);
    }
  }

  #carryOut(effect: SentinelEffect): void {
    switch (effect.type) {
      case "send":
        return this.keeper?.send(effect.link, effect.message);
      case "closeLink":
        return this.keeper?.closeLink(effect.link);
      case "setPeers":
        return this.keeper?.setTargets(effect.targets);
      case "probe": {
        const { target } = effect;
        this.keeper?.probe(target, (outcome) => this.#input({ type: "probed", target, outcome }));
        return;
      }
      case "saveState":
        this.#saves.push(effect);
        if (this.#voteEarly) this.#tellSaved(effect.version);
        if (this.#saves.length === 1) this.#saveNext();
        return;
      case "notice":
      case "operatorReply":
      case "masterChanged":
      case "log":
        return;
      default:
        effect satisfies never;
    }
  }

  /** The disk works on while the process is stopped. */
  #saveNext(): void {
    const { life } = this.process;
    const delayMs = this.#saveMs * (0.5 + this.#world.randomness.next());
    this.#world.queue.after(delayMs, () => {
      if (!this.process.alive || this.process.life !== life) return;
      const next = this.#saves.shift();
      if (next === undefined) return;
      this.disk = next.state;
      this.#world.monitor.sentinelSaved(this);
      this.process.deliver(life, () => this.#input({ type: "stateSaved", version: next.version }));
      if (this.#saves.length > 0) this.#saveNext();
    });
  }

  #tellSaved(version: number): void {
    const { life } = this.process;
    this.#world.queue.after(0, () =>
      this.process.deliver(life, () => this.#input({ type: "stateSaved", version })),
    );
  }

  #arm(core: SentinelCore): void {
    const atMs = core.deadlineMs();
    if (atMs === this.#timerAtMs) return;
    this.#timerAtMs = atMs;
    const timer = ++this.#timer;
    if (atMs === undefined) return;
    const { life } = this.process;
    this.#world.queue.at(this.process.trueMs(atMs), () =>
      this.process.deliver(life, () => {
        if (timer !== this.#timer) return;
        this.#timerAtMs = undefined;
        this.#input({ type: "tick" });
      }),
    );
  }
}
