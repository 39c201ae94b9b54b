/** Shells that break their word, each in one way, to see that it matters. What is not named is kept. */
export interface Sabotage {
  /** A node is told that records are persisted before they are synced. */
  readonly recordsEarly?: boolean;
  /** A node is told that its promise is saved before it is. */
  readonly promiseEarly?: boolean;
  /** A sentinel is told that its vote is saved before it is. */
  readonly voteEarly?: boolean;
  /** The keyspace says of every command that it saw nothing uncommitted. */
  readonly repliesAtOnce?: boolean;
  /** The old state is gone from the disk as soon as a full sync begins. */
  readonly discardsBeforeFullSync?: boolean;
  /** A replica that asks to sync in a new epoch is heard to say its last ack of an earlier one once more. */
  readonly repeatsAcks?: boolean;
  /** A replica drops keys that have expired by its own clock, without waiting for the master's word. */
  readonly replicasExpire?: boolean;
}
