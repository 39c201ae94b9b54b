/** Passes on what nodes and sentinels do: to the checks of their groups, and to the trace. */
import type { SentinelEffect } from "../../sentinel/core/outbox.ts";
import { invariant } from "../../src/base/errors.ts";
import type { Epoch } from "../../src/base/ids.ts";
import type { LinkId, PeerIdentity } from "../../src/protocol/peer/identity.ts";
import type { NodeMessage } from "../../src/protocol/peer/node-messages.ts";
import type { LogPosition } from "../../src/rules/log-position.ts";
import type { SimGroup } from "./group.ts";
import type { Trace } from "./trace.ts";
import type { NodeMonitor, SimNode } from "./world/sim-node.ts";
import type { SealedReply, SentinelMonitor, SimSentinel } from "./world/sim-sentinel.ts";

export class Watch implements NodeMonitor, SentinelMonitor {
  readonly #groups: readonly SimGroup[];
  readonly #trace: Trace;

  constructor(groups: readonly SimGroup[], trace: Trace) {
    this.#groups = groups;
    this.#trace = trace;
  }

  groupOf(node: SimNode): SimGroup {
    const group = this.#groups.find((one) => one.nodes.includes(node));
    invariant(group !== undefined, "a node belongs to a group");
    return group;
  }

  nodeStarted(node: SimNode): void {
    this.groupOf(node).promiseChecks.onStart(node);
    this.groupOf(node).logChecks.onStart(node);
  }

  nodeStepped(node: SimNode): void {
    const { logChecks, answerChecks } = this.groupOf(node);
    logChecks.onStep(node);
    answerChecks.onStep(node);
  }

  nodeSends(node: SimNode, _link: LinkId, to: PeerIdentity | null, message: NodeMessage): void {
    this.#trace.message(node.id, to?.id ?? "nobody", message);
    this.groupOf(node).promiseChecks.onSend(node, message);
    if (message.type === "ack") this.groupOf(node).logChecks.onAck(node, message);
  }

  nodeAppends(node: SimNode, bytes: Buffer): void {
    this.groupOf(node).logChecks.onAppend(node, bytes);
  }

  nodeCuts(node: SimNode, lastOffset: number): void {
    this.#trace.note(`${node.id} cuts its log at ${lastOffset}`);
    this.groupOf(node).logChecks.onCut(node, lastOffset);
  }

  nodeReplacesLog(node: SimNode, position: LogPosition): void {
    this.groupOf(node).logChecks.onFullSync(node, position);
  }

  nodeLogs(node: SimNode, event: string, fields: Readonly<Record<string, unknown>>): void {
    this.#trace.log(node.id, event, fields);
    if (event === "established")
      this.groupOf(node).sentinelChecks.onEstablished(node.id, fields.epoch as Epoch);
    if (event !== "reign") return;
    const epoch = fields.epoch as Epoch;
    this.groupOf(node).promiseChecks.onReign(node, epoch);
    this.groupOf(node).logChecks.onReign(node, epoch);
  }

  sentinelStarted(_sentinel: SimSentinel): void {}

  sentinelHears(sentinel: SimSentinel, reply: SealedReply): void {
    for (const group of this.#groups)
      if (group.has(reply.status.id)) group.sentinelChecks.onHeard(sentinel, reply);
  }

  sentinelEffect(sentinel: SimSentinel, effect: SentinelEffect): void {
    if (effect.type === "send") {
      const peer = sentinel.keeper?.peerOf(effect.link) ?? null;
      this.#trace.message(sentinel.id, peer?.id ?? "nobody", effect.message);
    }
    if (effect.type === "log") this.#trace.log(sentinel.id, effect.event, effect.fields);
    for (const { sentinelChecks } of this.#groups) sentinelChecks.onEffect(sentinel, effect);
  }

  sentinelSaved(sentinel: SimSentinel): void {
    for (const { sentinelChecks } of this.#groups) sentinelChecks.onSaved(sentinel);
  }
}
