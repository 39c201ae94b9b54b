/**
 * What keys and values are taken to cost in memory: an estimate that depends on the content alone, so that a limit means the same
 * whatever the garbage collector is doing. A key's block is counted as it is (`KeyTable.bytesAt`); the numbers for the rest were
 * measured on V8 (Node 20, 64 bits), room for growth included. The process takes more: code, buffers, the log's tail, garbage
 * that is not collected yet.
 */

/** The databases without any key. */
export const EMPTY_BYTES = 2048;
/** A key's header, and its places in the database's array and index. */
export const KEY_BYTES = 56;
/** Of an expiry: its places in the index of expiries. */
export const EXPIRY_BYTES = 32;

/** Collections without any element, and what each element costs beside its text. */
export const HASH_BYTES = 80;
/** Of a hash's table, when it has become too large to be packed. */
export const FIELD_TABLE_BYTES = 3500;
/** Beside its block: its places in the table's array and index. */
export const FIELD_BYTES = 40;
/** Of a field that is not in its block, beside the texts. */
export const LONG_FIELD_BYTES = 80;
export const SET_BYTES = 230;
export const SMALL_INTEGER_BYTES = 10;
/** Of an array, and of an array with an index, which costs so much by itself. */
export const MEMBER_BYTES = 8;
export const INDEXED_MEMBER_BYTES = 26;
export const INDEX_BYTES = 600;
export const ZSET_BYTES = 80;
/** Of a sorted set's tree, when it has become too large to be packed. */
export const ZSET_TREE_BYTES = 480;
export const SCORE_BYTES = 50;
export const LIST_BYTES = 190;
/** Of an element in a list that is packed. */
export const PACKED_ELEMENT_BYTES = 2;
/** Of a longer list: each of its nodes, and around an element the head and the end of a bulk string, the digits of its length not counted. */
export const LIST_NODE_BYTES = 350;
export const BULK_ELEMENT_BYTES = 5;
/** What is mostly empty at its ends, at most. */
export const LIST_ROOM_BYTES_MAX = 1500;

/** A stream, and its parts; entries take what they are packed into. */
export const STREAM_BYTES = 400;
export const STREAM_NODE_BYTES = 420;
export const GROUP_BYTES = 400;
export const CONSUMER_BYTES = 280;
/** In the lists of its group and of its consumer. */
export const DELIVERY_BYTES = 120;

/** A text of V8: a header, and a byte a character in steps of eight. */
export function stringBytes(length: number): number {
  return 16 + ((length + 7) & ~7);
}
