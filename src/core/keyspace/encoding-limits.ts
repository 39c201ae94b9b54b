/**
 * Up to where values are kept compactly, as Redis's configuration names it: what OBJECT ENCODING says, in how many
 * pieces a list is kept. One for the process, so that no value carries it along; only CONFIG SET changes it, and no
 * reply but those of OBJECT ENCODING and DEBUG OBJECT, and the order of a small set's members, depends on it.
 */

export interface EncodingLimits {
  hashEntriesMax: number;
  hashValueBytesMax: number;
  setIntegersMax: number;
  zsetEntriesMax: number;
  zsetValueBytesMax: number;
  /** Of one node of a list. */
  listNodeElementsMax: number;
  listNodeBytesMax: number;
}

/** Redis 7.0's defaults. */
export const encodingLimits: EncodingLimits = {
  hashEntriesMax: 512,
  hashValueBytesMax: 64,
  setIntegersMax: 512,
  zsetEntriesMax: 128,
  zsetValueBytesMax: 64,
  listNodeElementsMax: 512,
  listNodeBytesMax: 8 * 1024,
};

/** Few enough that shifting the elements of one node costs next to nothing. */
export const LIST_NODE_ELEMENTS_MAX: number = 512;
/** As Redis's -2, and the bound of nodes whose size is given as a number of elements. */
export const LIST_NODE_BYTES_MAX: number = 8 * 1024;

/** @param size as list-max-listpack-size: elements if positive, -1 to -5 for 4, 8, 16, 32 and 64 KB. */
export function limitListNodes(size: number): void {
  if (size > 0) {
    encodingLimits.listNodeElementsMax = Math.min(size, LIST_NODE_ELEMENTS_MAX);
    encodingLimits.listNodeBytesMax = LIST_NODE_BYTES_MAX;
    return;
  }
  encodingLimits.listNodeElementsMax = LIST_NODE_ELEMENTS_MAX;
  encodingLimits.listNodeBytesMax = size === 0 ? LIST_NODE_BYTES_MAX : 2048 << Math.min(-size, 5);
}
