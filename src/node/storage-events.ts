/** What a node's storage tells it, as inputs of its member and as lines of its log. */
import type { MemberInput } from "../core/member-io.ts";
import type { Logger } from "../io/logger.ts";
import type { StorageEvents } from "../io/storage/member-storage.ts";

export interface StorageListener {
  readonly logger: Logger;
  input(input: MemberInput): void;
  fail(error: unknown): void;
}

export function storageEvents({ logger, input, fail }: StorageListener): StorageEvents {
  return {
    persisted: (lastOffset) => input({ type: "persisted", lastOffset }),
    diskFull: () => {
      logger.error({ event: "disk-full" }, "no space left on the disk: writes are refused, reads go on");
      input({ type: "disk", full: true });
    },
    diskOk: () => {
      logger.info({ event: "disk-ok" }, "there is space on the disk again");
      input({ type: "disk", full: false });
    },
    logDropped: (dropped) => input({ type: "logDropped", ...dropped }),
    failed: fail,
  };
}
