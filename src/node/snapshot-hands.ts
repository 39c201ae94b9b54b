/** Carries out a member's snapshot effects: writes one snapshot, loads one, streams them to replicas. Decides nothing. */
import { invariant } from "../base/errors.ts";
import type { MemberEffect, MemberInput, SnapshotKind } from "../core/member-io.ts";
import type { MemberStorage, SnapshotWriter } from "../io/storage/member-storage.ts";
import type { LinkId } from "../protocol/peer/identity.ts";
import { EMPTY_POSITION, type LogPosition } from "../rules/log-position.ts";

export type SnapshotEffect = Extract<
  MemberEffect,
  {
    type:
      | "loadSnapshot"
      | "openSnapshot"
      | "readSnapshot"
      | "closeSnapshot"
      | "beginSnapshot"
      | "writeSnapshot"
      | "commitSnapshot"
      | "abortSnapshot";
  }
>;

interface Writing {
  readonly kind: SnapshotKind;
  readonly position: LogPosition;
  readonly writer: Promise<SnapshotWriter>;
  failed: boolean;
}

export class SnapshotHands {
  readonly #storage: MemberStorage;
  readonly #input: (input: MemberInput) => void;
  readonly #logError: (error: unknown) => void;
  readonly #fail: (error: unknown) => void;
  /** Steps of the snapshot being written, one after the other. */
  #chain: Promise<void> = Promise.resolve();
  #writing: Writing | null = null;
  readonly #streams = new Map<LinkId, AsyncIterator<Buffer>>();

  constructor(
    storage: MemberStorage,
    shell: {
      input: (input: MemberInput) => void;
      log: (error: unknown) => void;
      fail: (error: unknown) => void;
    },
  ) {
    this.#fail = shell.fail;
    this.#storage = storage;
    this.#input = shell.input;
    this.#logError = shell.log;
  }

  carryOut(effect: SnapshotEffect): void {
    switch (effect.type) {
      case "loadSnapshot":
        this.#load().catch(this.#fail);
        return;
      case "openSnapshot":
        return this.#open(effect.link);
      case "readSnapshot":
        this.#read(effect.link).catch((error: unknown) => this.#streamBroke(effect.link, error));
        return;
      case "closeSnapshot":
        this.#streams.delete(effect.link);
        return;
      case "beginSnapshot": {
        const { kind, position, history } = effect;
        const writer = this.#chain.then(() => this.#storage.writeSnapshot(position, history));
        this.#writing = { kind, position, writer, failed: false };
        this.#then(this.#writing, async () => void (await writer));
        return;
      }
      case "writeSnapshot":
        this.#with(async (writing) => {
          await (await writing.writer).write(effect.bytes);
          this.#input({ type: "snapshotWritten" });
        });
        return;
      case "commitSnapshot":
        this.#with(async ({ kind, position, writer }) => {
          await (await writer).commit({ keepLog: kind === "own" });
          this.#input({ type: "snapshotCommitted", kind, position });
        });
        return;
      case "abortSnapshot":
        this.#with(async (writing) => {
          writing.failed = true;
          await (await writing.writer).abort();
        });
    }
  }

  #with(step: (writing: Writing) => Promise<void>): void {
    const writing = this.#writing;
    invariant(writing !== null, "a snapshot is begun before it is written");
    this.#then(writing, () => step(writing));
  }

  /** After a failed step the later ones of the same snapshot are skipped; the core has been told. */
  #then(writing: Writing, step: () => Promise<void>): void {
    this.#chain = this.#chain.then(async () => {
      if (writing.failed) return;
      try {
        await step();
      } catch (error) {
        writing.failed = true;
        this.#logError(error);
        this.#input({ type: "snapshotFailed", kind: writing.kind });
      }
    });
  }

  async #load(): Promise<void> {
    const snapshot = this.#storage.readSnapshot();
    if (snapshot !== null) {
      for await (const bytes of snapshot.chunks()) {
        this.#input({ type: "snapshotLoad", bytes });
        // Between pieces the node lives on: heartbeats are answered while a large snapshot loads.
        await new Promise((resolve) => setImmediate(resolve));
      }
    }
    this.#input({ type: "snapshotLoaded", position: snapshot?.position ?? EMPTY_POSITION });
  }

  #open(link: LinkId): void {
    const snapshot = this.#storage.readSnapshot();
    if (snapshot !== null) this.#streams.set(link, snapshot.chunks()[Symbol.asyncIterator]());
    setImmediate(() => this.#input({ type: "snapshotOpened", link, snapshot }));
  }

  /** A newer snapshot took its place, or it is damaged: the replica asks again on a fresh link. */
  #streamBroke(link: LinkId, error: unknown): void {
    this.#streams.delete(link);
    this.#logError(error);
    this.#input({ type: "snapshotOpened", link, snapshot: null });
  }

  async #read(link: LinkId): Promise<void> {
    const stream = this.#streams.get(link);
    if (stream === undefined) return;
    const { done, value } = await stream.next();
    this.#input({ type: "snapshotRead", link, bytes: done === true ? null : value });
  }
}
