/**
 * Folds a run's events into what its page shows. Keeps only what is drawn, and of that no more than a browser takes:
 * what is left out is counted, and said.
 */
import type { Millis } from "../../../src/base/ids.ts";
import type { PeerMessage } from "../../../src/protocol/peer/codec.ts";
import type { Operation, OperationPhase } from "../clients/history.ts";
import type { Outcome } from "../run-plan.ts";
import { faultWords, kindWords } from "../swarm/fault-words.ts";
import { groupPrefix, groupsOf, type Plan } from "../swarm/plan.ts";
import type { Mark, TraceEvent } from "../trace.ts";
import { answerWords, messageWords } from "../trace-words.ts";
import type { Arrow, Chronicle, Lane, Point, PointKind, Span, SpanKind } from "./chronicle.ts";

export interface RecorderLimits {
  readonly operationsMax: number;
  readonly pointsMax: number;
  readonly arrowsMax: number;
}

const LIMITS: RecorderLimits = { operationsMax: 12_000, pointsMax: 6000, arrowsMax: 3000 };

const END_MARGIN = 1.03;

export const FAULTS_LANE = "faults";
export const NETWORK_LANE = "network";

interface Open {
  readonly fromMs: Millis;
  readonly kind: SpanKind;
  readonly label: string;
  readonly detail: string;
}

export class HistoryRecorder {
  readonly #plan: Plan;
  readonly #limits: RecorderLimits;
  readonly #spans: Span[] = [];
  readonly #points: Point[] = [];
  readonly #arrows: Arrow[] = [];
  /** Spans that have begun, by what would end them. */
  readonly #open = new Map<string, Open & { readonly lane: string }>();
  readonly #asked = new Map<Operation, Millis>();
  #operations = 0;
  #operationsMissed = 0;
  #pointsMissed = 0;
  #arrowsMissed = 0;

  constructor(plan: Plan, limits: RecorderLimits = LIMITS) {
    this.#plan = plan;
    this.#limits = limits;
  }

  take(event: TraceEvent): void {
    const { atMs } = event;
    switch (event.kind) {
      case "message":
        return this.#onMessage(atMs, event.from, event.to, event.message);
      case "log":
        return this.#onLog(atMs, event.who, event.event, event.fields);
      case "note":
        if (event.mark !== null) this.#onMark(atMs, event.text, event.mark);
        return;
      case "operation":
        return this.#onOperation(atMs, event.phase, event.operation);
      default:
        event satisfies never;
    }
  }

  end({ violation, atMs: endMs, seed, reigns, acknowledged, events }: Outcome): Chronicle {
    for (const key of [...this.#open.keys()]) this.#close(key, endMs);
    for (const [operation, askedMs] of this.#asked) {
      this.#addOperation(operation, askedMs, endMs, "indeterminate", answerWords("left", operation));
    }
    const plan = this.#plan;
    // Some room after the end, where what broke the promise often is.
    const shownMs = endMs * END_MARGIN;
    const lanes = lanesOf(plan);
    const guilty = violation?.operation;
    const copies = `W ${plan.copies}`;
    return {
      endMs: shownMs,
      title: `seed ${seed}`,
      facts:
        `${plan.nodes.length} nodes (${plan.nodes.map(({ policy }) => policy).join(", ")}), ${plan.sentinels} sentinels, ` +
        `${plan.mode}, ${copies}, down-after ${plan.downAfterMs} ms; ${(endMs / 1000).toFixed(2)} s, ${events} events, ` +
        `${plan.faults.length} faults, ${reigns} reigns, ${acknowledged} operations acknowledged`,
      calmFromMs: Math.min(plan.faultsUntilMs, shownMs),
      lanes,
      spans:
        guilty === undefined
          ? this.#spans
          : this.#spans.map((span) => (isOf(span, guilty) ? { ...span, isGuilty: true } : span)),
      points: this.#points,
      arrows: this.#arrows,
      violation:
        violation === null
          ? null
          : {
              atMs: momentOf(guilty) ?? endMs,
              text: violation.message,
              operation:
                guilty === undefined ? null : answerWords(isHeard(guilty) ? "answered" : "left", guilty),
              lane: guilty?.client ?? lanes.find(({ id }) => names(violation.message, id))?.id ?? null,
            },
      leftOut: this.#leftOut(),
    };
  }

  // ---- the world -------------------------------------------------------------------------------

  #onMark(atMs: Millis, text: string, mark: Mark): void {
    switch (mark.type) {
      case "process":
        return this.#onProcess(atMs, text, mark.who, mark.now);
      case "fault": {
        const fault = this.#plan.faults.find(({ number }) => number === mark.number);
        if (fault === undefined) return;
        const label = `${fault.number} ${kindWords(fault, this.#plan)}`;
        this.#spans.push(
          spanOf(FAULTS_LANE, "fault", atMs, atMs + mark.lastsMs, label, faultWords(fault, this.#plan)),
        );
        return;
      }
      case "cut": {
        const label = text.replace(/^cut \d+: /, "");
        this.#open.set(`cut ${mark.number}`, {
          lane: NETWORK_LANE,
          kind: "cut",
          fromMs: atMs,
          label,
          detail: text,
        });
        return;
      }
      case "healed":
        return this.#close(`cut ${mark.number}`, atMs);
      default:
        mark satisfies never;
    }
  }

  #onProcess(atMs: Millis, text: string, who: string, now: "up" | "down" | "paused" | "wiped"): void {
    if (now === "wiped") return this.#point(who, "wiped", atMs, text);
    if (now === "down") this.#close(`reign ${who}`, atMs);
    this.#close(`state ${who}`, atMs);
    if (now === "up") return;
    this.#open.set(`state ${who}`, { lane: who, kind: now, fromMs: atMs, label: now, detail: text });
  }

  // ---- what they say ---------------------------------------------------------------------------

  #onMessage(atMs: Millis, from: string, to: string, message: PeerMessage): void {
    switch (message.type) {
      case "askVote":
        if (!message.pre) this.#arrow(from, to, "vote", atMs, message);
        return;
      case "vote":
        if (message.pre) return;
        if (message.granted) this.#point(from, "votes", atMs, `${from} votes for ${to} in ${message.epoch}`);
        return this.#arrow(from, to, "vote", atMs, message);
      case "seal":
        return this.#arrow(from, to, "seal", atMs, message);
      case "sealed":
        this.#endReignBelow(from, message.epoch, atMs);
        this.#point(from, "sealed", atMs, `${from} ${messageWords(message)}`);
        return this.#arrow(from, to, "seal", atMs, message);
      case "promote":
        this.#point(from, "promoted", atMs, `${from} to ${to}: ${messageWords(message)}`);
        return this.#arrow(from, to, "promote", atMs, message);
      case "following":
        this.#endReignBelow(from, message.epoch, atMs);
        return this.#point(from, "follows", atMs, `${from} follows in ${message.epoch}`);
      default:
    }
  }

  #onLog(atMs: Millis, who: string, event: string, fields: Readonly<Record<string, unknown>>): void {
    const words = (name: string): string => String(fields[name]);
    switch (event) {
      case "reign":
        this.#close(`reign ${who}`, atMs);
        this.#open.set(`reign ${who}`, {
          ...{ lane: who, kind: "reign" as const, fromMs: atMs, label: `master of epoch ${words("epoch")}` },
          detail: `${who} is master of epoch ${words("epoch")}, from offset ${words("from")}`,
        });
        return;
      case "established":
        return this.#point(who, "established", atMs, `${who} acknowledges in epoch ${words("epoch")}`);
      case "+elected-leader":
        return this.#point(who, "elected", atMs, `${who} leads epoch ${words("epoch")}: ${words("reason")}`);
      case "+switch-master":
        return this.#point(
          who,
          "published",
          atMs,
          `${who} answers clients with ${words("to")}, master of ${words("epoch")}`,
        );
      case "cut-below-commit":
        return this.#point(who, "cuts", atMs, `${who} cuts its log at ${words("last")}, below its commit`);
      default:
    }
  }

  #endReignBelow(who: string, epoch: number, atMs: Millis): void {
    const open = this.#open.get(`reign ${who}`);
    if (open !== undefined && Number(open.label.split(" ").at(-1)) < epoch) this.#close(`reign ${who}`, atMs);
  }

  // ---- operations ------------------------------------------------------------------------------

  #onOperation(atMs: Millis, phase: OperationPhase, operation: Operation): void {
    if (phase === "asked") {
      this.#asked.set(operation, atMs);
      return;
    }
    const askedMs = this.#asked.get(operation);
    if (askedMs === undefined) return;
    this.#asked.delete(operation);
    this.#addOperation(operation, askedMs, atMs, OUTCOMES[phase], answerWords(phase, operation));
  }

  #addOperation(operation: Operation, fromMs: Millis, toMs: Millis, kind: SpanKind, words: string): void {
    if (this.#operations >= this.#limits.operationsMax) {
      this.#operationsMissed++;
      return;
    }
    this.#operations++;
    const { client, node, action, id } = operation;
    this.#spans.push({
      ...spanOf(client, kind, fromMs, toMs, "", `${id} ${client} at ${node}: ${words}`),
      isRead: action.kind === "get",
    });
  }

  // ---- small things ----------------------------------------------------------------------------

  #close(key: string, atMs: Millis): void {
    const open = this.#open.get(key);
    if (open === undefined) return;
    this.#open.delete(key);
    this.#spans.push(spanOf(open.lane, open.kind, open.fromMs, atMs, open.label, open.detail));
  }

  #point(lane: string, kind: PointKind, atMs: Millis, detail: string): void {
    if (this.#points.length < this.#limits.pointsMax) this.#points.push({ lane, kind, atMs, detail });
    else this.#pointsMissed++;
  }

  #arrow(from: string, to: string, kind: Arrow["kind"], atMs: Millis, message: PeerMessage): void {
    if (this.#arrows.length >= this.#limits.arrowsMax) {
      this.#arrowsMissed++;
      return;
    }
    this.#arrows.push({ from, to, kind, atMs, detail: `${from} to ${to}: ${messageWords(message)}` });
  }

  #leftOut(): string[] {
    const counts: [number, string][] = [
      [this.#operationsMissed, "operations"],
      [this.#pointsMissed, "marks"],
      [this.#arrowsMissed, "messages of elections"],
    ];
    return counts.filter(([count]) => count > 0).map(([count, what]) => `${count} more ${what}`);
  }
}

const OUTCOMES = { answered: "acknowledged", refused: "refused", left: "indeterminate" } as const;

function lanesOf(plan: Plan): Lane[] {
  const many = (count: number, prefix: string, kind: Lane["kind"]): Lane[] =>
    Array.from({ length: count }, (_, at) => ({ id: `${prefix}${at + 1}`, kind }));
  return [
    { id: FAULTS_LANE, kind: "world" },
    { id: NETWORK_LANE, kind: "world" },
    ...many(plan.sentinels, "s", "sentinel"),
    ...groupsOf(plan).flatMap(({ nodes, clients, replicaReaders }, at) => [
      ...many(nodes.length, `${groupPrefix(at)}n`, "node"),
      ...many(clients, `${groupPrefix(at)}client`, "client"),
      ...many(replicaReaders, `${groupPrefix(at)}reader`, "client"),
    ]),
  ];
}

function spanOf(
  lane: string,
  kind: SpanKind,
  fromMs: Millis,
  toMs: Millis,
  label: string,
  detail: string,
): Span {
  return { lane, kind, fromMs, toMs, label, detail, isRead: false, isGuilty: false };
}

function isOf(span: Span, { id, client }: Operation): boolean {
  return span.lane === client && span.detail.startsWith(`${id} `);
}

function names(text: string, id: string): boolean {
  return new RegExp(`\\b${id}\\b`).test(text);
}

/** When what is wrong became visible; the check of a history comes only at its end. */
function momentOf(operation: Operation | undefined): Millis | undefined {
  if (operation === undefined) return undefined;
  return isHeard(operation) ? operation.heardAtMs : operation.askedAtMs;
}

function isHeard({ heardAtMs }: Operation): boolean {
  return Number.isFinite(heardAtMs);
}
