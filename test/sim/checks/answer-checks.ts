/**
 * Watches what clients are told, at the moment when a node says it: what is acknowledged or shown is committed (S2,
 * S8), and in sync mode W - 1 admitted replicas have applied it as well. Judges values, each of which is written once.
 */
import type { Epoch, IncarnationId, MemberId, Offset } from "../../../src/base/ids.ts";
import type { ReplicationMode } from "../../../src/rules/group-record.ts";
import type { LogPosition } from "../../../src/rules/log-position.ts";
import type { Operation } from "../clients/history.ts";
import type { Reply } from "../clients/resp.ts";
import type { SimNode } from "../world/sim-node.ts";
import { demand } from "./violation.ts";

/** What the checks of the logs know. */
export interface CommitKnowledge {
  isCommitted(position: LogPosition): boolean;
  wasAdmitted(incarnation: IncarnationId): boolean;
}

/** As clients make them: unlike any other, and recognised in a record's bytes. */
const VALUES = /(?:g\d+)?client\d+-\d+/g;

export class AnswerChecks {
  readonly #mode: ReplicationMode;
  readonly #copies: number;
  readonly #commits: CommitKnowledge;
  readonly #positions = new Map<string, LogPosition>();
  /** How far each incarnation has ever applied. */
  readonly #applied = new Map<MemberId, Map<IncarnationId, Offset>>();

  constructor(mode: ReplicationMode, copies: number, commits: CommitKnowledge) {
    this.#mode = mode;
    this.#copies = copies;
    this.#commits = commits;
  }

  /** A record that was never seen before. */
  onRecord(epoch: Epoch, offset: Offset, bytes: Buffer): void {
    for (const [value] of bytes.toString("latin1").matchAll(VALUES))
      this.#positions.set(value, { epoch, offset });
  }

  onStep(node: SimNode): void {
    if (this.#mode !== "sync" || !node.voting) return;
    const { incarnation } = node.disk;
    const applied = node.member?.log.applied ?? 0;
    if (incarnation === null || applied === 0) return;
    let byIncarnation = this.#applied.get(node.id);
    if (byIncarnation === undefined) {
      byIncarnation = new Map();
      this.#applied.set(node.id, byIncarnation);
    }
    if (applied > (byIncarnation.get(incarnation) ?? 0)) byIncarnation.set(incarnation, applied as Offset);
  }

  onAnswer(node: SimNode, operation: Operation, reply: Reply): void {
    if (this.#mode === "async") return;
    const { action } = operation;
    switch (action.kind) {
      case "get":
        if (reply.type === "bulk" && !/^\d+$/.test(reply.text))
          this.#demandCommitted("S8", node, operation, reply.text);
        return;
      case "set":
        if (reply.type === "simple") this.#onWritten(node, operation, action.value);
        return;
      case "cas":
        if (reply.type === "array") this.#onWritten(node, operation, action.value);
        return;
      case "incr":
        return;
      default:
        action satisfies never;
    }
  }

  #onWritten(node: SimNode, operation: Operation, value: string): void {
    const { offset } = this.#demandCommitted("S2", node, operation, value);
    if (this.#mode !== "sync") return;
    const needed = this.#copies - 1;
    const have = [...this.#applied].filter(
      ([id, byIncarnation]) =>
        id !== node.id &&
        [...byIncarnation].some(([one, applied]) => applied >= offset && this.#commits.wasAdmitted(one)),
    ).length;
    demand(
      have >= needed,
      "S2",
      () => {
        return `${node.id} acknowledges ${value} in sync mode, and ${have} replicas have applied it, not ${needed}`;
      },
      operation,
    );
  }

  #demandCommitted(invariant: string, node: SimNode, operation: Operation, value: string): LogPosition {
    const { client } = operation;
    const position = this.#positions.get(value);
    demand(
      position !== undefined,
      invariant,
      () => `${node.id} speaks of ${value} to ${client}: it is in no log`,
      operation,
    );
    demand(
      this.#commits.isCommitted(position),
      invariant,
      () => {
        return `${node.id} speaks of ${value} to ${client}: ${position.epoch}/${position.offset} is not committed`;
      },
      operation,
    );
    return position;
  }
}
