/** Carries out a member's snapshot effects: writes one snapshot, loads one, streams them to replicas. Decides nothing. */
import { InterrexError, invariant } from "../base/errors.ts";
import type { MemberEffect, MemberInput, SnapshotKind } from "../core/member-io.ts";
import { isErrno } from "../io/storage/file-calls.ts";
import type { MemberStorage, SnapshotWriter, StoredSnapshot } from "../io/storage/member-storage.ts";
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
  bytes: number;
  failed: boolean;
  /** The core has given it up: it hears no more of it. */
  givenUp: boolean;
}

interface Stream {
  readonly snapshot: StoredSnapshot;
  readonly chunks: AsyncIterator<Buffer>;
}

type SnapshotStorage = Pick<MemberStorage, "readSnapshot" | "writeSnapshot">;

export class SnapshotHands {
  readonly #storage: SnapshotStorage;
  readonly #input: (input: MemberInput) => void;
  readonly #logError: (error: unknown) => void;
  readonly #fail: (error: unknown) => void;
  /** Steps of the snapshot being written, one after the other. */
  #chain: Promise<void> = Promise.resolve();
  #writing: Writing | null = null;
  readonly #streams = new Map<LinkId, Stream>();
  #lastSnapshotSec = nowSec();

  constructor(
    storage: SnapshotStorage,
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

  /** When the last snapshot came to stand, or else this process began. */
  get lastSnapshotSec(): number {
    return this.#lastSnapshotSec;
  }

  carryOut(effect: SnapshotEffect): void {
    switch (effect.type) {
      case "loadSnapshot":
        this.#load().catch(this.#fail);
        return;
      case "openSnapshot":
        return this.#open(effect.link);
      case "readSnapshot":
        this.#read(effect.link).catch(this.#fail);
        return;
      case "closeSnapshot":
        return this.#close(effect.link);
      case "beginSnapshot": {
        const { kind, position, history } = effect;
        const writer = this.#chain.then(() => this.#storage.writeSnapshot(position, history));
        this.#writing = { kind, position, writer, bytes: 0, failed: false, givenUp: false };
        this.#then(this.#writing, async () => void (await writer));
        return;
      }
      case "writeSnapshot":
        this.#with(async (writing) => {
          const writer = await writing.writer;
          if (effect.bytes.length > 0) await writer.write(effect.bytes);
          // Others have their turn, also where nothing was to be written, or a storage in memory has taken it at once.
          await new Promise((resolve) => setImmediate(resolve));
          writing.bytes += effect.bytes.length;
          if (!writing.givenUp) this.#input({ type: "snapshotWritten", kind: writing.kind });
        });
        return;
      case "commitSnapshot":
        this.#with(async ({ kind, position, writer, bytes }) => {
          const options = { keepLog: kind === "own", keepAfter: effect.keepAfter };
          const rollback = await (await writer).commit(options);
          this.#lastSnapshotSec = nowSec();
          this.#input({ type: "snapshotCommitted", kind, position, bytes, rollback });
        });
        return;
      case "abortSnapshot":
        if (this.#writing !== null) this.#writing.givenUp = true;
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
        await this.#discard(writing, error);
        if (!writing.givenUp) this.#input({ type: "snapshotFailed", kind: writing.kind });
      }
    });
  }

  /** What was written of it must not go on taking the space that it may have failed for. */
  async #discard(writing: Writing, cause: unknown): Promise<void> {
    try {
      await (await writing.writer).abort();
    } catch (error) {
      if (error !== cause) this.#logError(error);
    }
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
    if (snapshot !== null) {
      this.#streams.set(link, { snapshot, chunks: snapshot.chunks()[Symbol.asyncIterator]() });
    }
    setImmediate(() => this.#input({ type: "snapshotOpened", link, snapshot }));
  }

  async #read(link: LinkId): Promise<void> {
    const stream = this.#streams.get(link);
    if (stream === undefined) return;
    let next: IteratorResult<Buffer>;
    try {
      next = await stream.chunks.next();
    } catch (error) {
      this.#streamBroke(link, stream, error);
      return;
    }
    // Of several reads under way the first fails with a broken stream: the others only see it end, which means nothing.
    if (this.#streams.get(link) !== stream) return;
    this.#input({ type: "snapshotRead", link, bytes: next.done === true ? null : next.value });
  }

  /** A newer snapshot took its place, or it is damaged: the replica asks again on a fresh link. */
  #streamBroke(link: LinkId, stream: Stream, error: unknown): void {
    if (this.#streams.get(link) !== stream) return;
    this.#streams.delete(link);
    this.#logError(error);
    // One that another has replaced by now may be as it likes.
    const stands = this.#storage.readSnapshot() === stream.snapshot;
    if (stands && isDamage(error)) this.#input({ type: "snapshotDamaged" });
    this.#input({ type: "snapshotOpened", link, snapshot: null });
  }

  #close(link: LinkId): void {
    const stream = this.#streams.get(link);
    this.#streams.delete(link);
    stream?.chunks.return?.().catch(this.#logError);
  }
}

function nowSec(): number {
  return Math.floor(Date.now() / 1000);
}

/** The file is there, and what it holds can't be had: its bytes are wrong, or the disk doesn't give them. */
function isDamage(error: unknown): boolean {
  if (error instanceof InterrexError) return error.code === "CORRUPT_SNAPSHOT";
  return isErrno(error, "EIO");
}
