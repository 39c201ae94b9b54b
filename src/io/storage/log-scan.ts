/** Reads one segment of the log at a start and finds its first fault. Judges no fault: `log-recovery.ts` does. */
import { type Epoch, nextOffset, type Offset } from "../../base/ids.ts";
import { findCorruption, RecordCursor } from "../../protocol/record.ts";
import { readFully } from "./file-calls.ts";
import type { LogSegment } from "./log-segment.ts";

const SCAN_SLICE_BYTES = 1024 * 1024;

export interface SegmentFault {
  /** Byte in the file where the bad record begins. */
  readonly position: number;
  readonly reason: string;
  /** The file only ends within the record: what an append that a crash interrupted leaves. */
  readonly torn: boolean;
}

/**
 * Checks every record of the file and makes the sound ones known to `segment`.
 *
 * @param fileBytes length of the file.
 * @param epoch of the record before the segment; epochs never fall along a log.
 * @param onEpoch called at each record whose epoch is greater than the one before.
 */
export async function scanSegment(
  segment: LogSegment,
  fileBytes: number,
  epoch: Epoch,
  onEpoch: (epoch: Epoch, firstOffset: Offset) => void,
): Promise<SegmentFault | undefined> {
  let newestEpoch = epoch;
  let sliceBytes = SCAN_SLICE_BYTES;
  while (segment.size < fileBytes) {
    const position = segment.size;
    const bytes = await segment.file.use((fd) =>
      readFully(fd, position, Math.min(sliceBytes, fileBytes - position)),
    );
    const damage = findCorruption(bytes);
    const whole = damage === undefined ? bytes : bytes.subarray(0, damage.at);

    const cursor = new RecordCursor(whole);
    let expected = nextOffset(segment.lastOffset);
    let disorder: string | undefined;
    let soundEnd = 0;
    while (cursor.next()) {
      if (cursor.offset !== expected) disorder = `record ${cursor.offset} stands where ${expected} should`;
      else if (cursor.epoch < newestEpoch) disorder = `epoch ${cursor.epoch} follows ${newestEpoch}`;
      if (disorder !== undefined) break;
      if (cursor.epoch > newestEpoch) {
        newestEpoch = cursor.epoch;
        onEpoch(newestEpoch, cursor.offset);
      }
      expected = nextOffset(expected);
      soundEnd = cursor.end;
    }
    if (soundEnd > 0) {
      segment.admit(whole.subarray(0, soundEnd), nextOffset(segment.lastOffset), (expected - 1) as Offset);
    }
    if (disorder !== undefined) return { position: segment.size, reason: disorder, torn: false };
    if (damage === undefined) continue;
    const atEndOfFile = position + bytes.length === fileBytes;
    if (!damage.torn || atEndOfFile) {
      return { position: segment.size, reason: damage.reason, torn: damage.torn };
    }
    // The slice, not the file, ended within a record. One that is larger than the slice needs a larger slice.
    if (soundEnd === 0) sliceBytes *= 2;
  }
  return undefined;
}
