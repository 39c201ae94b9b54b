/** What docs/sentinel-commands.md says of single commands: where one differs from redis-sentinel 7.0.15, and why one is not there. */

export const SENTINEL_DEVIATIONS: Readonly<Record<string, string>> = {
  auth: "one user, `default`",
  "client|no-evict": "accepted; clients are never evicted here",
  command: "categories, key specifications and tips are empty",
  "command|info": "categories, key specifications and tips are empty",
  "command|list": "`FILTERBY ACLCAT` finds none",
  info: "the fields that tools read, and none that has no meaning here",
  publish: "always refused: sentinels talk over their peer ports",
  subscribe: "after a crash ioredis hears of `+switch-master` a second later than others",
  psubscribe: "as SUBSCRIBE",

  "sentinel|ckquorum": "`-NOGOODSLAVE` where nobody could be promoted, with what keeps each member from it",
  "sentinel|config":
    "GET of the announced address and of how host names are used; SET is refused: options are set in sentinel.yaml",
  "sentinel|failover":
    "by handover while the master cooperates; answered when it is done, with the end of an automatic one where that is under way; `-NOGOODSLAVE` says what keeps each member from it",
  "sentinel|flushconfig":
    "has nothing to write: the state is on the disk before it takes effect, and sentinel.yaml is the operator's; refused with memory only",
  "sentinel|info-cache": "only the lines that sentinels go by",
  "sentinel|is-master-down-by-addr": "tells whether it is down, and never votes",
  "sentinel|master": "`paused` among the flags in maintenance",
  "sentinel|masters": "`paused` among the flags in maintenance; a group is listed once it has a master",
  "sentinel|myid": "the configured id",
  "sentinel|pending-scripts": "always empty: there are no scripts",
  "sentinel|replicas": "a member is listed once it was heard; offsets count records",
  "sentinel|reset": "opinions and back-off begin afresh; members are configured, so none is forgotten",
  "sentinel|sentinels": "names and run ids are the configured ids",
  "sentinel|slaves": "as SENTINEL REPLICAS",
};

/** By command, else by container. Those that are known and refused say why themselves. */
export const SENTINEL_LEFT_OUT: Readonly<Record<string, string>> = {
  acl: "one user, with a password in the file",
  "client|caching": "no client-side caching",
  "client|getredir": "no client-side caching",
  "client|pause": "no client is ever put on hold by another",
  "client|tracking": "no client-side caching",
  "client|trackinginfo": "no client-side caching",
  "client|unblock": "no command blocks",
  "client|unpause": "no client is ever put on hold by another",
  "command|docs": "redis-cli shows the help that it has itself",
};
