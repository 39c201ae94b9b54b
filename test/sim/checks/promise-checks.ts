/**
 * Watches what members say against what is on their disks: S1 (one master an epoch), S4 (a promise never goes down,
 * and is durable before it is spoken of), S5 (no ack below it), and the fence: nobody reigns while another may serve
 * by its lease.
 */
import type { Epoch, IncarnationId } from "../../../src/base/ids.ts";
import type { NodeMessage } from "../../../src/protocol/peer/node-messages.ts";
import type { SimNode } from "../world/sim-node.ts";
import { demand } from "./violation.ts";

export class PromiseChecks {
  readonly #nodes: () => readonly SimNode[];
  readonly #nowMs: () => number;
  /** Greatest epoch that each incarnation has told anyone it has promised. */
  readonly #told = new Map<IncarnationId, Epoch>();
  readonly #masters = new Map<Epoch, string>();

  constructor(nodes: () => readonly SimNode[], nowMs: () => number) {
    this.#nodes = nodes;
    this.#nowMs = nowMs;
  }

  get epochs(): number {
    return this.#masters.size;
  }

  onStart(node: SimNode): void {
    const { incarnation, promiseEpoch } = node.disk;
    const told = incarnation === null ? undefined : this.#told.get(incarnation);
    demand(told === undefined || promiseEpoch >= told, "S4", () => {
      return `${node.id} had promised ${told} and starts with ${promiseEpoch}`;
    });
  }

  onSend(node: SimNode, message: NodeMessage): void {
    const { disk } = node;
    switch (message.type) {
      case "sealed":
        demand(disk.promiseEpoch === message.epoch, "S4", () => {
          return `${node.id} says sealed in ${message.epoch}, its disk has promised ${disk.promiseEpoch}`;
        });
        // Once it follows in that epoch the choice has been made, and its position is nobody's concern.
        demand(message.status.role !== "none" || message.status.position.offset <= disk.ackable, "S4", () => {
          return `${node.id} is sealed at ${message.status.position.offset}, its disk holds ${disk.ackable}`;
        });
        return this.#tell(node, message.epoch);
      case "following":
        demand(disk.promiseEpoch >= message.epoch, "S4", () => {
          return `${node.id} says following in ${message.epoch}, its disk has promised ${disk.promiseEpoch}`;
        });
        return this.#tell(node, message.epoch);
      case "ack":
        demand(disk.promiseEpoch === message.epoch, "S5", () => {
          return `${node.id} acknowledges in ${message.epoch}, its disk has promised ${disk.promiseEpoch}`;
        });
        return this.#tell(node, message.epoch);
      default:
    }
  }

  onReign(node: SimNode, epoch: Epoch): void {
    const process = `${node.id} life ${node.process.life}`;
    const known = this.#masters.get(epoch);
    demand(known === undefined || known === process, "S1", () => {
      return `${process} becomes master of ${epoch}, in which ${known} is`;
    });
    this.#masters.set(epoch, process);
    for (const other of this.#nodes()) {
      if (other === node || !other.process.running || other.member === null) continue;
      other.member.beginCommands(other.process.instant(this.#nowMs()));
      const { role, roleEpoch, leaseHeld } = other.member.status();
      demand(role !== "master" || roleEpoch > epoch || !leaseHeld, "lease", () => {
        return `${other.id}, master of ${roleEpoch}, holds its lease while ${node.id} becomes master of ${epoch}`;
      });
    }
  }

  #tell(node: SimNode, epoch: Epoch): void {
    const { incarnation } = node.disk;
    if (incarnation === null) return;
    this.#told.set(incarnation, Math.max(epoch, this.#told.get(incarnation) ?? 0) as Epoch);
  }
}
