/**
 * Why commands of Redis 7.0 are not there, for docs/compatibility.md: by command, else by container, else by group.
 * A reason that explains no missing command is refused by the test, so that it goes when its commands come.
 */
export const LEFT_OUT: Readonly<Record<string, string>> = {
  bitfield: "rare in applications",
  bitfield_ro: "rare in applications",
  lcs: "rare in applications",

  "client|caching": "no client-side caching",
  "client|getredir": "no client-side caching",
  "client|tracking": "no client-side caching",
  "client|trackinginfo": "no client-side caching",

  dump: "no RDB format: members send each other commands",
  migrate: "no RDB format: members send each other commands",
  restore: "no RDB format: members send each other commands",
  "restore-asking": "no RDB format: members send each other commands",

  spublish: "no cluster slots, so no shards",
  ssubscribe: "no cluster slots, so no shards",
  sunsubscribe: "no cluster slots, so no shards",
  "pubsub|shardchannels": "no cluster slots, so no shards",
  "pubsub|shardnumsub": "no cluster slots, so no shards",

  fcall: "no functions: use scripts",
  fcall_ro: "no functions: use scripts",
  function: "no functions: use scripts",

  acl: "one user, with a password in the file",
  failover: "`interrex switchover` does it",
  latency: "no latency monitor",
  lolwut: "no use",
  module: "no modules",
  psync: "members replicate over their peer ports",
  replconf: "members replicate over their peer ports",
  replicaof: "sentinels decide who follows whom",
  slaveof: "sentinels decide who follows whom",
  sync: "members replicate over their peer ports",
};

/** For whole groups of commands. */
export const GROUPS_LEFT_OUT: Readonly<Record<string, string>> = {
  cluster: "no cluster slots: one group holds all keys",
  geo: "rare in applications",
  hyperloglog: "rare in applications",
};
