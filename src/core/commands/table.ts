/** All command families. A new family joins here. */
import { BIT_COMMANDS } from "./bits.ts";
import { CLIENT_COMMANDS } from "./client.ts";
import { CommandTable } from "./command-table.ts";
import { CONFIG_COMMANDS } from "./config.ts";
import { CONNECTION_COMMANDS } from "./connection.ts";
import { COUNTER_COMMANDS } from "./counters.ts";
import { DATABASE_COMMANDS } from "./databases.ts";
import { DEBUG_COMMANDS } from "./debug.ts";
import { EXPIRY_COMMANDS } from "./expiry.ts";
import { HASH_PICK_COMMANDS } from "./hash-picks.ts";
import { HASH_COMMANDS } from "./hashes.ts";
import { INFO_COMMANDS } from "./info.ts";
import { INTROSPECTION_COMMANDS } from "./introspection.ts";
import { KEY_COMMANDS } from "./keys.ts";
import { LIST_MOVE_COMMANDS } from "./list-moves.ts";
import { LIST_POP_COMMANDS } from "./list-pops.ts";
import { LIST_COMMANDS } from "./lists.ts";
import { MEMORY_COMMANDS } from "./memory.ts";
import { OBJECT_COMMANDS } from "./object.ts";
import { PUBSUB_COMMANDS } from "./pubsub.ts";
import { SCAN_COMMANDS } from "./scan.ts";
import { SCRIPT_COMMANDS } from "./scripts.ts";
import { SERVER_COMMANDS } from "./server.ts";
import { SET_ALGEBRA_COMMANDS } from "./set-algebra.ts";
import { SET_PICK_COMMANDS } from "./set-picks.ts";
import { SET_COMMANDS } from "./sets.ts";
import { SORT_COMMANDS } from "./sort.ts";
import { STREAM_CLAIM_COMMANDS } from "./stream-claims.ts";
import { STREAM_GROUP_COMMANDS } from "./stream-groups.ts";
import { STREAM_INFO_COMMANDS } from "./stream-info.ts";
import { STREAM_PENDING_COMMANDS } from "./stream-pending.ts";
import { STREAM_READ_COMMANDS } from "./stream-reads.ts";
import { STREAM_COMMANDS } from "./streams.ts";
import { STRING_COMMANDS } from "./strings.ts";
import { TRANSACTION_COMMANDS } from "./transactions.ts";
import { WATCHING_COMMANDS } from "./watching.ts";
import { ZSET_ALGEBRA_COMMANDS } from "./zset-algebra.ts";
import { ZSET_PICK_COMMANDS } from "./zset-picks.ts";
import { ZSET_POP_COMMANDS } from "./zset-pops.ts";
import { ZSET_RANGE_COMMANDS } from "./zset-ranges.ts";
import { ZSET_WAIT_COMMANDS } from "./zset-waits.ts";
import { ZSET_COMMANDS } from "./zsets.ts";

export function createCommandTable(): CommandTable {
  return new CommandTable([
    STRING_COMMANDS,
    COUNTER_COMMANDS,
    BIT_COMMANDS,
    KEY_COMMANDS,
    EXPIRY_COMMANDS,
    SCAN_COMMANDS,
    DATABASE_COMMANDS,
    OBJECT_COMMANDS,
    HASH_COMMANDS,
    HASH_PICK_COMMANDS,
    LIST_COMMANDS,
    LIST_MOVE_COMMANDS,
    LIST_POP_COMMANDS,
    SET_COMMANDS,
    SET_ALGEBRA_COMMANDS,
    SET_PICK_COMMANDS,
    ZSET_COMMANDS,
    ZSET_RANGE_COMMANDS,
    ZSET_POP_COMMANDS,
    ZSET_WAIT_COMMANDS,
    ZSET_PICK_COMMANDS,
    ZSET_ALGEBRA_COMMANDS,
    SORT_COMMANDS,
    STREAM_COMMANDS,
    STREAM_READ_COMMANDS,
    STREAM_GROUP_COMMANDS,
    STREAM_PENDING_COMMANDS,
    STREAM_CLAIM_COMMANDS,
    STREAM_INFO_COMMANDS,
    TRANSACTION_COMMANDS,
    SCRIPT_COMMANDS,
    PUBSUB_COMMANDS,
    CONNECTION_COMMANDS,
    CLIENT_COMMANDS,
    INTROSPECTION_COMMANDS,
    CONFIG_COMMANDS,
    WATCHING_COMMANDS,
    INFO_COMMANDS,
    MEMORY_COMMANDS,
    SERVER_COMMANDS,
    DEBUG_COMMANDS,
  ]);
}
