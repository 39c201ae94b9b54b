/**
 * Carries out a member's effects: hands each to the storage, the peers, the clients or the log that it is meant for. What takes its time
 * comes back as an input. Decides nothing.
 */
import type { MemberEffect, MemberInput } from "../core/member-io.ts";
import type { Logger } from "../io/logger.ts";
import type { PeerNetwork } from "../io/peer/peer-network.ts";
import type { MemberStorage } from "../io/storage/member-storage.ts";
import type { NodeClients } from "./node-clients.ts";
import type { SnapshotHands } from "./snapshot-hands.ts";

export interface EffectHandsParts {
  readonly storage: MemberStorage;
  readonly snapshots: SnapshotHands;
  readonly peers: PeerNetwork;
  readonly clients: NodeClients;
  readonly logger: Logger;
}

export interface EffectHandsShell {
  input(input: MemberInput): void;
  fail(error: unknown): void;
  shutdown(): void;
}

export class EffectHands {
  readonly #parts: EffectHandsParts;
  readonly #shell: EffectHandsShell;

  constructor(parts: EffectHandsParts, shell: EffectHandsShell) {
    this.#parts = parts;
    this.#shell = shell;
  }

  carryOut(effect: MemberEffect): void {
    const { storage, peers, clients, snapshots, logger } = this.#parts;
    const { input, fail } = this.#shell;
    switch (effect.type) {
      case "append":
        // A master has sent the same records: who is waited for has them before its own disk does.
        peers.flush();
        return storage.append(effect.bytes, effect.firstOffset, effect.lastOffset);
      case "cut":
        return this.#cut(effect.last);
      case "saveState":
        storage.saveState(effect.state).then(
          () => input({ type: "stateSaved", version: effect.version }),
          (error: unknown) => fail(error),
        );
        return;
      case "send":
        return peers.send(effect.link, effect.message);
      case "closeLink":
        return peers.closeLink(effect.link);
      case "setPeers":
        return peers.setTargets(effect.targets);
      case "output":
        return clients.output(effect.client);
      case "closeClient":
        return clients.close(effect.client);
      case "resumeClient":
        return clients.resume(effect.client);
      case "readLog":
        storage.readLog(effect.from, effect.bytesMax).then(
          (bytes) => input({ type: "logRead", link: effect.link, from: effect.from, bytes }),
          (error: unknown) => fail(error),
        );
        return;
      case "retainLog":
        return storage.retainLog(effect.after);
      case "startIncarnation":
        logger.warn({ event: "incarnation", reason: effect.reason }, "a new incarnation begins");
        storage.startIncarnation(effect.reason).then(
          (incarnation) => input({ type: "incarnationStarted", incarnation }),
          (error: unknown) => fail(error),
        );
        return;
      case "stall":
        return stall(effect.ms);
      case "shutdown":
        return this.#shell.shutdown();
      case "log":
        return logger[effect.level]({ ...effect.fields, event: effect.event }, effect.text);
      default:
        return snapshots.carryOut(effect);
    }
  }

  #cut(last: Parameters<MemberStorage["cut"]>[0]): void {
    const { storage, logger } = this.#parts;
    const rollback = storage.cut(last);
    if (rollback === null) return;
    const fields = { ...rollback, epoch: last.epoch, offset: last.offset };
    const what = "records that the master does not have were cut from the log";
    if (rollback.file === null) {
      logger.error({ ...fields, event: "rollback-lost" }, `${what} and are lost: the full disk has no room`);
    } else {
      logger.warn({ ...fields, event: "rollback" }, `${what}; they are kept in the file`);
    }
  }
}

/** DEBUG SLEEP: the whole process stands still, as a busy or swapped-out one does. */
export function stall(durationMs: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, durationMs);
}
