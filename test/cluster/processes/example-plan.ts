/** The plan of `interrex up` without flags. */
import type { ClusterPlan } from "../../../cluster/processes/layout.ts";

export const examplePlan: ClusterPlan = {
  group: "mymaster",
  nodes: 3,
  sentinels: 3,
  host: "127.0.0.1",
  announceHost: null,
  port: 6379,
  sentinelPort: 26_379,
  replication: "semi-sync",
  copies: null,
  downAfterMs: 1000,
  appendfsync: "everysec",
  dataDir: "./data",
  password: null,
  peerSecret: null,
};
