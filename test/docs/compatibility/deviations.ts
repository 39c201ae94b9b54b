/**
 * Where a command that is there does not do quite what redis 7.0.15 does, in a few words for docs/compatibility.md.
 * What concerns every command alike (copies, limits) is told once, at the top of the page.
 */
export const DEVIATIONS: Readonly<Record<string, string>> = {
  // connection
  auth: "one user, `default`",
  "client|no-evict": "accepted; clients are never evicted here",

  // keys
  "object|encoding": "a short string that was appended to is `raw` until a restart, then `embstr`",
  randomkey: "among many keys, neighbouring picks are related",

  // strings and bits
  setbit: "copies the value",
  setrange: "copies the value",

  // scripts
  eval: "a dialect of Lua 5.1, slower; ended after some 10 million instructions, or 20 million once it has written; a source of 1 MB at most; no `getfenv`, `setfenv` or `newproxy`; settings of `cjson` last for one script",
  eval_ro: "as EVAL",
  evalsha: "as EVAL; the cache is each node's own, and bounded",
  evalsha_ro: "as EVALSHA",
  "script|debug": "there is no debugger: `NO` alone is accepted",
  "script|load":
    "room for 10,000 loaded scripts, or 32 MB of them; then the one that was used longest ago goes",
  "script|kill": "nothing to kill: nobody is served while a script runs",

  // server
  bgrewriteaof: "takes a snapshot, behind which the log is cut",
  bgsave: "takes a snapshot in the node's own format",
  "command|docs":
    "the group alone, of commands that are named: refused without, so that redis-cli shows the help that it has itself",
  "command|info": "key specifications and tips are empty",
  command: "key specifications and tips are empty",
  "config|get": "the parameters that clients and tools ask for",
  "config|rewrite": "refused: the file is the operator's",
  "config|set": "only what README names can change while a node runs, and on that node alone",
  debug:
    "DIGEST and DIGEST-VALUE (not Redis's digests), LOADAOF and RELOAD (of a snapshot), OBJECT, PROTOCOL, SET-ACTIVE-EXPIRE, SLEEP; others are refused or of no effect",
  info: "`used_memory` is the core's estimate of keys and values; the fields that clients and tools read; offsets count records, not bytes",
  "memory|doctor": "in words of its own",
  "memory|malloc-stats": "what the process knows of its heap",
  "memory|purge": "accepted, without effect",
  "memory|stats": "fewer fields; keys and values by the core's own estimate",
  "memory|usage": "the core's own estimate; all elements are counted, whatever SAMPLES says",
  monitor: "on a replica, without what comes from the master",
  role: "offsets count records, not bytes",
  save: "answered when a snapshot stands; others are served meanwhile",

  // sorted sets and streams
  zadd: "-0 is kept as 0, as Redis does in its compact encoding alone",
  xtrim: "where `~` stops depends on the stream's nodes, which a restart makes anew",
  xadd: "as XTRIM",
  "xinfo|stream": "no inner nodes of a radix tree are counted",
};
