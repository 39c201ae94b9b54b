/**
 * What a sentinel process can tell its clients of itself, from its configuration, the operating system and its server. Knows
 * nothing of what it thinks of the groups (`core/view.ts`); which of this a client sees is the commands' to decide.
 */
import os from "node:os";
import type { RedisServer } from "../src/io/redis/redis-server.ts";
import type { ProcessUsage } from "./clients/answer.ts";
import type { SentinelFacts } from "./clients/sentinel-facts.ts";
import type { SentinelConfig } from "./sentinel-config.ts";

/** What only this one start has, and no configuration: the client port may have been left to chance. */
type Start = Pick<SentinelFacts, "startId" | "clientPort" | "startedAtMonoMs">;

export function processFacts(config: SentinelConfig, start: Start): SentinelFacts {
  const { id, password, announceHost, dataDir, groups } = config;
  return {
    ...start,
    id,
    password,
    announceHost,
    keepsState: dataDir !== null,
    processId: process.pid,
    operatingSystem: `${os.type()} ${os.release()} ${os.arch()}`,
    nodeVersion: process.versions.node,
    failoverTimeoutMs: (group) => groups.find(({ name }) => name === group)?.switchoverTimeoutMs ?? 0,
  };
}

/** As of now. */
export function processUsage(server: RedisServer): ProcessUsage {
  const { user, system } = process.cpuUsage();
  return {
    connectionsReceived: server.connectionsReceived,
    connectionsRejected: server.connectionsRejected,
    ...server.traffic,
    cpuUserMicros: user,
    cpuSystemMicros: system,
  };
}
