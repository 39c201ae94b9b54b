/**
 * Every error text that a Redis client can get from a data node, as Redis 7.0 words them, without the leading "-".
 * Stock clients and libraries compare them, so they are part of the protocol. No other file words one, but those that
 * sentinels give too are in `protocol/resp/error-replies.ts`.
 */
import { printable, SYNTAX_ERROR } from "../../protocol/resp/error-replies.ts";
import { error } from "../../protocol/resp/reply.ts";

export { SYNTAX_ERROR };

// Refusals by the node, before a command runs.
export const READONLY = "READONLY You can't write against a read only replica.";
export const NOREPLICAS = "NOREPLICAS Not enough good replicas to write.";
export const MASTERDOWN = "MASTERDOWN Link with MASTER is down and replica-serve-stale-data is set to 'no'.";
export const LOADING = "LOADING Redis is loading the dataset in memory";
export const OOM = "OOM command not allowed when used memory > 'maxmemory'.";
/** As Redis says when its append-only file can't grow. */
export const DISK_FULL = "MISCONF Errors writing to the AOF file: No space left on device";
/** Ours: nothing was executed, and nobody can say whether this node is still master. */
export const UNCONFIRMED =
  "MASTERDOWN This master could not confirm that it still reigns; ask a sentinel for the current master.";
/** Ours: executed, but not confirmed within ack-timeout. */
export const UNCERTAIN =
  "UNCERTAIN The write was executed but not confirmed by enough replicas in time; it may or may not survive a failover.";
export const UNBLOCKED =
  "UNBLOCKED force unblock from blocking operation, instance state changed (master -> replica?)";
export const SNAPSHOT_FAILED = "ERR the snapshot could not be written";
export const UNBLOCKED_BY_CLIENT = "UNBLOCKED client unblocked via CLIENT UNBLOCK";
export const NOAUTH = "NOAUTH Authentication required.";

// Encoded replies that commands return as they are.
export const WRONG_TYPE: string = error("WRONGTYPE Operation against a key holding the wrong kind of value");
export const NOT_AN_INTEGER: string = error("ERR value is not an integer or out of range");
export const NOT_A_FLOAT: string = error("ERR value is not a valid float");
export const NO_SUCH_KEY: string = error("ERR no such key");
export const OVERFLOW: string = error("ERR increment or decrement would overflow");
export const DECREMENT_OVERFLOW: string = error("ERR decrement would overflow");
export const NAN_OR_INFINITY: string = error("ERR increment would produce NaN or Infinity");
export const VALUE_NAN_OR_INFINITY: string = error("ERR value is NaN or Infinity");
export const OFFSET_OUT_OF_RANGE: string = error("ERR offset is out of range");
export const OUT_OF_RANGE: string = error("ERR value is out of range");
export const STRING_TOO_LONG: string = error("ERR string exceeds maximum allowed size (proto-max-bulk-len)");
/** Ours: one reply can't be longer than the longest string of the runtime. */
export const REPLY_TOO_LONG: string = error("ERR the reply would be too long; ask for less at once");
export const BIT_OFFSET_OUT_OF_RANGE: string = error("ERR bit offset is not an integer or out of range");
export const BIT_OUT_OF_RANGE: string = error("ERR bit is not an integer or out of range");
export const BIT_ARGUMENT: string = error("ERR The bit argument must be 1 or 0.");
export const BITOP_NOT_ARITY: string = error("ERR BITOP NOT must be called with a single source key.");
export const HASH_VALUE_NOT_AN_INTEGER: string = error("ERR hash value is not an integer");
export const HASH_VALUE_NOT_A_FLOAT: string = error("ERR hash value is not a float");
export const TOO_MANY_KEYS: string = error("ERR Number of keys can't be greater than number of args");
export const LIMIT_NEGATIVE: string = error("ERR LIMIT can't be negative");
export const XX_AND_NX: string = error("ERR XX and NX options at the same time are not compatible");
export const GT_LT_AND_NX: string = error(
  "ERR GT, LT, and/or NX options at the same time are not compatible",
);
export const INCR_TAKES_ONE_PAIR: string = error("ERR INCR option supports a single increment-element pair");
export const SCORE_NAN: string = error("ERR resulting score is not a number (NaN)");
export const BOUND_NOT_A_FLOAT: string = error("ERR min or max is not a float");
export const BAD_LEX_BOUND: string = error("ERR min or max not valid string range item");
export const NOT_ALL_DOUBLES: string = error("ERR One or more scores can't be converted into double");
export const WEIGHT_NOT_A_FLOAT: string = error("ERR weight value is not a float");
export const LIMIT_OF_RANKS: string = error(
  "ERR syntax error, LIMIT is only supported in combination with either BYSCORE or BYLEX",
);
export const WITHSCORES_BY_LEX: string = error(
  "ERR syntax error, WITHSCORES not supported in combination with BYLEX",
);
export const INVALID_STREAM_ID: string = error("ERR Invalid stream ID specified as stream command argument");
export const INVALID_INTERVAL_START: string = error("ERR invalid start ID for the interval");
export const INVALID_INTERVAL_END: string = error("ERR invalid end ID for the interval");
export const TWO_TRIM_STRATEGIES: string = error(
  "ERR syntax error, MAXLEN and MINID options at the same time are not compatible",
);
export const NO_TRIM_STRATEGY: string = error(
  "ERR syntax error, XTRIM must be called with a trimming strategy",
);
export const STREAM_MAXLEN_NEGATIVE: string = error("ERR The MAXLEN argument must be >= 0.");
export const STREAM_LIMIT_NEGATIVE: string = error("ERR The LIMIT argument must be >= 0.");
export const LIMIT_WITHOUT_STRATEGY: string = error(
  "ERR syntax error, LIMIT cannot be used without specifying a trimming strategy",
);
export const LIMIT_WITHOUT_TILDE: string = error(
  "ERR syntax error, LIMIT cannot be used without the special ~ option",
);
export const STREAM_ID_ZERO: string = error("ERR The ID specified in XADD must be greater than 0-0");
export const STREAM_ID_TOO_SMALL: string = error(
  "ERR The ID specified in XADD is equal or smaller than the target stream top item",
);
export const STREAM_EXHAUSTED: string = error(
  "ERR The stream has exhausted the last possible ID, unable to add more items",
);
export const ENTRIES_ADDED_NEGATIVE: string = error("ERR entries_added must be positive");
export const ENTRIES_ADDED_BELOW_LENGTH: string = error(
  "ERR The entries_added specified in XSETID is smaller than the target stream length",
);
export const SETID_BELOW_TOP: string = error(
  "ERR The ID specified in XSETID is smaller than the target stream top item",
);
export const SETID_BELOW_DELETED: string = error(
  "ERR The ID specified in XSETID is smaller than the provided max_deleted_entry_id",
);
export const UNBALANCED_STREAMS: string = error(
  "ERR Unbalanced XREAD list of streams: for each stream key an ID or '$' must be specified.",
);
export const GROUP_OF_XREAD: string = error(
  "ERR The GROUP option is only supported by XREADGROUP. You called XREAD instead.",
);
export const NOACK_OF_XREAD: string = error(
  "ERR The NOACK option is only supported by XREADGROUP. You called XREAD instead.",
);
export const MISSING_GROUP: string = error("ERR Missing GROUP option for XREADGROUP");
export const LAST_ID_OF_XREADGROUP: string = error(
  "ERR The $ ID is meaningless in the context of XREADGROUP: you want to read the history of this consumer by specifying a proper ID, or use the > ID to get new messages. The $ ID would just return an empty result set.",
);
export const NEW_ID_OF_XREAD: string = error(
  "ERR The > ID can be specified only when calling XREADGROUP using the GROUP <group> <consumer> option.",
);
export const STREAM_GONE: string = error("UNBLOCKED the stream key no longer exists");
export const GROUP_GONE: string = error(
  "NOGROUP the consumer group this client was blocked on no longer exists",
);
export const XGROUP_NEEDS_KEY: string = error(
  "ERR The XGROUP subcommand requires the key to exist. Note that for CREATE you may want to use the MKSTREAM option to create an empty stream automatically.",
);
export const BUSY_GROUP: string = error("BUSYGROUP Consumer Group name already exists");
export const ENTRIES_READ_NEGATIVE: string = error("ERR value for ENTRIESREAD must be positive or -1");
export const CLAIM_COUNT_NOT_POSITIVE: string = error("ERR COUNT must be > 0");
export const INVALID_CURSOR: string = error("ERR invalid cursor");
export const DB_OUT_OF_RANGE: string = error("ERR DB index is out of range");
export const INVALID_FIRST_DB: string = error("ERR invalid first DB index");
export const INVALID_SECOND_DB: string = error("ERR invalid second DB index");
export const SAME_OBJECTS: string = error("ERR source and destination objects are the same");
export const INDEX_OUT_OF_RANGE: string = error("ERR index out of range");
export const NOT_POSITIVE: string = error("ERR value is out of range, must be positive");
export const NUMKEYS_NOT_POSITIVE: string = error("ERR numkeys should be greater than 0");
export const COUNT_NOT_POSITIVE: string = error("ERR count should be greater than 0");
export const RANK_ZERO: string = error(
  "ERR RANK can't be zero: use 1 to start from the first match, 2 from the second ... or use negative to start from the end of the list",
);
export const COUNT_NEGATIVE: string = error("ERR COUNT can't be negative");
export const MAXLEN_NEGATIVE: string = error("ERR MAXLEN can't be negative");
export const NX_AND_OTHERS: string = error(
  "ERR NX and XX, GT or LT options at the same time are not compatible",
);
export const GT_AND_LT: string = error("ERR GT and LT options at the same time are not compatible");
export const BAD_PACKED_THRESHOLD: string = error(
  "ERR argument must be a memory value bigger than 1 and smaller than 4gb",
);
export const NO_LFU: string = error(
  "ERR An LFU maxmemory policy is not selected, access frequency not tracked. Please note that when switching between policies at runtime LRU and LFU data will take some time to adjust.",
);
export const NO_LRU: string = error(
  "ERR An LFU maxmemory policy is selected, idle time not tracked. Please note that when switching between policies at runtime LRU and LFU data will take some time to adjust.",
);
/** Of an error redis-cli shows the help that it has itself, with all arguments. */
export const DOCS_OF_ALL: string = error("ERR COMMAND DOCS documents commands that are named");
export const NESTED_MULTI: string = error("ERR MULTI calls can not be nested");
export const EXEC_WITHOUT_MULTI: string = error("ERR EXEC without MULTI");
export const DISCARD_WITHOUT_MULTI: string = error("ERR DISCARD without MULTI");
export const WATCH_INSIDE_MULTI: string = error("ERR WATCH inside MULTI is not allowed");
export const EXEC_ABORTED: string = error("EXECABORT Transaction discarded because of previous errors.");
export const NOT_IN_MULTI = "ERR Command not allowed inside a transaction";
/** Ours: Redis has no such limits but memory. */
export const TRANSACTION_TOO_LONG = "ERR too many commands, or too many bytes, in one transaction";
export const MONITOR_USES_KEYSPACE = "ERR Replica can't interact with the keyspace";
export const COMMAND_TOO_LONG = "ERR the arguments of one command are too long";
export const NO_SCRIPT: string = error("NOSCRIPT No matching script. Please use EVAL.");
export const TOO_MANY_SCRIPT_KEYS: string = error("ERR Number of keys can't be greater than number of args");
export const NEGATIVE_SCRIPT_KEYS: string = error("ERR Number of keys can't be negative");
export const SCRIPT_WRITES_IN_RO: string = error(
  "ERR Can not execute a script with write flag using *_ro command.",
);
export const SCRIPT_WRITES_ON_REPLICA: string = error(
  "ERR Can not run script with write flag on readonly replica.",
);
export const SCRIPT_FLUSH_OPTION: string = error("ERR SCRIPT FLUSH only support SYNC|ASYNC option");
export const SCRIPT_DEBUG_OPTION: string = error("ERR Use SCRIPT DEBUG YES/SYNC/NO");
/** Ours. */
export const NO_SCRIPT_DEBUGGER: string = error("ERR SCRIPT DEBUG is not supported");
export const NO_SCRIPT_RUNS: string = error("NOTBUSY No scripts in execution right now.");
export const LUA_STACK_LIMIT: string = error("ERR reached lua stack limit");

// What scripts get from redis.call and its like, and what ends them.
export const SCRIPT_NO_COMMAND = "ERR Please specify at least one argument for this redis lib call";
export const SCRIPT_BAD_ARGUMENT = "ERR Lua redis lib command arguments must be strings or integers";
export const SCRIPT_UNKNOWN_COMMAND = "ERR Unknown Redis command called from script";
export const SCRIPT_WRONG_ARITY = "ERR Wrong number of args calling Redis command from script";
export const SCRIPT_COMMAND_REFUSED = "ERR This Redis command is not allowed from script";
export const SCRIPT_READ_ONLY = "ERR Write commands are not allowed from read-only scripts.";
export const SCRIPT_ACL_UNKNOWN = "ERR Invalid command passed to redis.acl_check_cmd()";
export const SCRIPT_ARGUMENT_COUNT = "ERR wrong number of arguments";
export const SCRIPT_REPLY_ARGUMENT = "ERR wrong number or type of arguments";
export const SCRIPT_LOG_ARGUMENTS = "ERR redis.log() requires two arguments or more.";
export const SCRIPT_LOG_LEVEL_TYPE = "ERR First argument must be a number (log level).";
export const SCRIPT_LOG_LEVEL = "ERR Invalid debug level.";
export const SCRIPT_SET_REPL_ARGUMENTS = "ERR redis.set_repl() requires two arguments.";
export const SCRIPT_SET_REPL_FLAGS =
  "ERR Invalid replication flags. Use REPL_AOF, REPL_REPLICA, REPL_ALL or REPL_NONE.";
export const SCRIPT_SETRESP_ARGUMENTS = "ERR redis.setresp() requires one argument.";
export const SCRIPT_SETRESP_VERSION = "ERR RESP version must be 2 or 3.";
export const SCRIPT_SHEBANG = "ERR Invalid script shebang";
export const SCRIPT_ENGINE_MISSING = "ERR Invalid engine in script shebang";
/** Ours: Redis 7.0.15 ends its process. */
export const SCRIPT_UNKNOWN_ERROR = "ERR the script raised a table without an err field";
/** Ours: Redis lets it run, answers BUSY to all others, and waits for SCRIPT KILL. */
export const SCRIPT_TOO_LONG = "Script ended: it ran for too long. It has changed nothing.";
/** Ours: as above, where Redis has SHUTDOWN NOSAVE only. */
export const SCRIPT_TOO_LONG_WRITTEN =
  "Script ended: it ran for too long. What it had changed until then stays changed.";
/** Ours: nobody is served while a source is compiled. */
export const SCRIPT_SOURCE_TOO_LONG = "the source is too long";

export const WRONG_PASSWORD: string = error("WRONGPASS invalid username-password pair or user is disabled.");
export const NO_PASSWORD_CONFIGURED: string = error(
  "ERR AUTH <password> called without any password configured for the default user. Are you sure your configuration is correct?",
);
export const NO_PROTOCOL: string = error("NOPROTO unsupported protocol version");
export const PROTOCOL_NOT_AN_INTEGER: string = error(
  "ERR Protocol version is not an integer or out of range",
);
export const HELLO_NOAUTH: string = error(
  "NOAUTH HELLO must be called with the client already authenticated, otherwise the HELLO <proto> AUTH <user> <pass> option can be used to authenticate the client and select the RESP protocol version at the same time",
);
export const BAD_CLIENT_NAME: string = error(
  "ERR Client names cannot contain spaces, newlines or special characters.",
);
export const NO_SUCH_CLIENT: string = error("ERR No such client");
export const BAD_COMMAND: string = error("ERR Invalid command specified");
export const NO_KEY_ARGUMENTS: string = error("ERR The command has no key arguments");
export const BAD_ARGUMENTS: string = error("ERR Invalid arguments specified for command");
export const BAD_ARGUMENT_COUNT: string = error("ERR Invalid number of arguments specified for command");
export const NO_SHUTDOWN: string = error("ERR No shutdown in progress.");
export const NO_CONFIG_FILE: string = error("ERR The server is running without a config file");
export const WAIT_ON_REPLICA: string = error(
  "ERR WAIT cannot be used with replica instances. Please also note that since Redis 4.0 if a replica is configured to be writable (which is not the default) writes to replicas are just local and are not propagated.",
);
export const TIMEOUT_NOT_AN_INTEGER: string = error("ERR timeout is not an integer or out of range");
export const TIMEOUT_NOT_A_FLOAT: string = error("ERR timeout is not a float or out of range");
export const BAD_UNBLOCK_REASON: string = error("ERR CLIENT UNBLOCK reason should be TIMEOUT or ERROR");
export const BAD_PAUSE_MODE: string = error("ERR CLIENT PAUSE mode must be WRITE or ALL");
export const SLOWLOG_COUNT: string = error("ERR count should be greater than or equal to -1");
export const MONITOR_IN_MULTI: string = error("ERR MONITOR isn't allowed for DENY BLOCKING client");
/** Ours: one snapshot at a time. */
export const SNAPSHOT_UNDER_WAY: string = error("ERR a snapshot is being taken; try again");
export const NOT_IN_RESP2: string = error("ERR RESP2 is not supported by this command");
export const PROTOCOL_TYPE: string = error(
  "ERR Wrong protocol type name. Please use one of the following: string|integer|double|bignum|null|array|set|map|attrib|push|verbatim|true|false",
);
export const TIMEOUT_NEGATIVE: string = error("ERR timeout is negative");

export function wrongArity(fullName: string): string {
  return `ERR wrong number of arguments for '${fullName}' command`;
}

/** For handlers that find it themselves. */
export function wrongArityReply(fullName: string): string {
  return error(wrongArity(fullName));
}

/** Longest part of a client's text that an error repeats. */
const QUOTED_MAX = 128;

export function unknownCommand(argv: readonly string[]): string {
  let quoted = "";
  for (let at = 1; at < argv.length && quoted.length < QUOTED_MAX; at += 1) {
    quoted += `'${printable(argv[at] ?? "", QUOTED_MAX - quoted.length)}' `;
  }
  return `ERR unknown command '${printable(argv[0] ?? "", QUOTED_MAX)}', with args beginning with: ${quoted}`;
}

export function unknownSubcommand(container: string, subcommand: string): string {
  return `ERR unknown subcommand '${printable(subcommand, QUOTED_MAX)}'. Try ${container.toUpperCase()} HELP.`;
}

/** For commands that look at their subcommand themselves. */
export function badSubcommand(container: string, subcommand: string): string {
  const quoted = printable(subcommand, QUOTED_MAX);
  return error(
    `ERR unknown subcommand or wrong number of arguments for '${quoted}'. Try ${container.toUpperCase()} HELP.`,
  );
}

export function onlyWhileSubscribed(fullName: string): string {
  return `ERR Can't execute '${fullName}': only (P|S)SUBSCRIBE / (P|S)UNSUBSCRIBE / PING / QUIT / RESET are allowed in this context`;
}

/** EXEC refused before it ran: the transaction is gone. */
export function execRefused(refusal: string): string {
  return `EXECABORT Transaction discarded because of: ${refusal.replace(/^ERR /, "")}`;
}

export function noInputKey(command: string): string {
  return error(`ERR at least 1 input key is needed for '${command}' command`);
}

/** @param found what the compiler says. */
export function scriptDoesNotCompile(found: string): string {
  return `ERR Error compiling script (new function): ${found}`;
}

export function scriptEngine(name: string): string {
  return `ERR Unexpected engine in script shebang: ${printable(name, QUOTED_MAX)}`;
}

export function scriptOption(option: string): string {
  return `ERR Unknown lua shebang option: ${printable(option, QUOTED_MAX)}`;
}

export function scriptFlag(flag: string): string {
  return `ERR Unexpected flag in script shebang: ${printable(flag, QUOTED_MAX)}`;
}

/** A refusal of the node, for handlers that ask for it themselves. */
export function refused(refusal: string): string {
  return error(refusal);
}

export function invalidExpireTime(command: string): string {
  return error(`ERR invalid expire time in '${command}' command`);
}

export function notBetween(least: bigint, greatest: bigint): string {
  return error(`ERR value is out of range, value must between ${least} and ${greatest}`);
}

export function unsupportedOption(option: string): string {
  return error(`ERR Unsupported option ${printable(option, QUOTED_MAX)}`);
}

export function helloSyntax(option: string): string {
  return error(`ERR Syntax error in HELLO option '${printable(option, QUOTED_MAX)}'`);
}

export function unknownParameter(name: string): string {
  return error(`ERR Unknown option or number of arguments for CONFIG SET - '${printable(name, QUOTED_MAX)}'`);
}

export function badParameter(name: string, reason: string): string {
  return error(`ERR CONFIG SET failed (possibly related to argument '${name}') - ${reason}`);
}

export function blockInScript(command: string): string {
  return error(`ERR ${printable(command, QUOTED_MAX)} command is not allowed with BLOCK option from scripts`);
}

/** @param where how the command goes on, with a space before it. */
export function noKeyOrGroup(key: string, group: string, where = ""): string {
  return error(`NOGROUP No such key '${printable(key)}' or consumer group '${printable(group)}'${where}`);
}

export function noGroup(key: string, group: string): string {
  return error(`NOGROUP No such consumer group '${printable(group)}' for key name '${printable(key)}'`);
}

/** @param what the argument, such as "IDLE option". */
export function invalidArgument(what: string, command: string): string {
  return error(`ERR Invalid ${what} argument for ${command}`);
}

export function unknownClaimOption(option: string): string {
  return error(`ERR Unrecognized XCLAIM option '${printable(option)}'`);
}
