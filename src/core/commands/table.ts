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
import { OBJECT_COMMANDS } from "./object.ts";
import { PUBSUB_COMMANDS } from "./pubsub.ts";
import { SCAN_COMMANDS } from "./scan.ts";
import { SCRIPT_COMMANDS } from "./scripts.ts";
import { SERVER_COMMANDS } from "./server.ts";
import { STRING_COMMANDS } from "./strings.ts";
import { TRANSACTION_COMMANDS } from "./transactions.ts";

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
    TRANSACTION_COMMANDS,
    SCRIPT_COMMANDS,
    PUBSUB_COMMANDS,
    CONNECTION_COMMANDS,
    CLIENT_COMMANDS,
    INTROSPECTION_COMMANDS,
    CONFIG_COMMANDS,
    INFO_COMMANDS,
    SERVER_COMMANDS,
    DEBUG_COMMANDS,
  ]);
}
