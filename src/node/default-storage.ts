/** Where a node keeps its data if nobody gives it a storage: on disk, or in memory where it has no directory. */
import { DiskStorage } from "../io/storage/disk-storage.ts";
import type { MemberStorage } from "../io/storage/member-storage.ts";
import { MemoryDisk, MemoryStorage } from "../io/storage/memory-storage.ts";
import type { NodeConfig } from "./node-config.ts";

export function defaultStorage({ id, dataDir, appendfsync, syncLogBytesMax }: NodeConfig): MemberStorage {
  if (dataDir === null) return new MemoryStorage(new MemoryDisk(id));
  return new DiskStorage({ directory: dataDir, owner: id, appendfsync, syncLogBytesMax });
}
