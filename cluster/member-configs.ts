/** Turns the choices about an in-process cluster into the configuration of each of its members. Starts nothing. */
import { randomUUID } from "node:crypto";
import { join } from "node:path";
import type { SentinelConfig } from "../sentinel/sentinel-config.ts";
import type { NodeConfig } from "../src/node/node-config.ts";
import { type ClusterOptions, nodeChoices, sentinelCount } from "./cluster-options.ts";
import { DEFAULT_GROUP } from "./config/fields.ts";
import { nodeFileSchema, toNodeConfig } from "./config/node-file.ts";
import { peerUrlOf } from "./config/peer-port.ts";
import { sentinelFileSchema, toSentinelConfig } from "./config/sentinel-file.ts";
import { validate } from "./config/validate.ts";

export const HOST = "127.0.0.1";

export interface MemberConfigs {
  readonly nodes: readonly NodeConfig[];
  readonly sentinels: readonly SentinelConfig[];
}

/** Ports that `memberConfigs` needs: two a member. */
export function portsNeeded(options: ClusterOptions): number {
  return 2 * (nodeChoices(options).length + sentinelCount(options));
}

/**
 * Goes through the schemas of the files, so that a cluster in a test refuses what a real one would.
 *
 * @param ports as many as `portsNeeded` says.
 * @throws InterrexError `BAD_CONFIG`.
 */
export function memberConfigs(options: ClusterOptions, ports: readonly number[]): MemberConfigs {
  const rest = [...ports];
  const address = (id: string): Address => ({
    id,
    host: HOST,
    port: rest.pop() ?? 0,
    peerPort: rest.pop() ?? 0,
  });
  const choices = nodeChoices(options);
  const nodes = choices.map((_, index) => address(`n${index + 1}`));
  const sentinels = Array.from({ length: sentinelCount(options) }, (_, index) => address(`s${index + 1}`));
  // A secret of its own: no sentinel of another cluster that once knew one of these ports can claim a node here.
  const { peerSecret = randomUUID() } = options;
  const common = (id: string): Record<string, unknown> => ({
    dataDir: options.dataDir === undefined ? null : join(options.dataDir, id),
    password: options.password,
    peerSecret,
  });
  const group = {
    name: options.group ?? DEFAULT_GROUP,
    nodes: nodes.map((node, index) => ({
      ...choices[index],
      id: node.id,
      url: peerUrlOf(HOST, node.peerPort),
    })),
    quorum: options.quorum,
    downAfterMs: options.downAfterMs,
    stallAfterMs: options.stallAfterMs,
    switchoverTimeoutMs: options.switchoverTimeoutMs,
    replication: { mode: options.replication, copies: options.copies },
    crashEvidence: options.crashEvidence,
  };
  const sentinelList = sentinels.map(({ id, host, port, peerPort }) => ({
    id,
    url: peerUrlOf(HOST, peerPort),
    host,
    port,
  }));
  return {
    nodes: nodes.map((node, index) => {
      const { appendfsync, reads, ackTimeoutMs } = options;
      const chosen = { ...choices[index], appendfsync, reads, ackTimeoutMs };
      // The event loop is the test's own.
      const file = { ...node, ...common(node.id), ...chosen, busyPollUs: 0 };
      return toNodeConfig(validate(nodeFileSchema, { file: null, flags: file, asOptions: true }));
    }),
    sentinels: sentinels.map((sentinel) => {
      const file = { ...sentinel, ...common(sentinel.id), sentinels: sentinelList, groups: [group] };
      return toSentinelConfig(validate(sentinelFileSchema, { file: null, flags: file, asOptions: true }));
    }),
  };
}

interface Address {
  readonly id: string;
  readonly host: string;
  readonly port: number;
  readonly peerPort: number;
}
