/**
 * Plans a cluster of processes on this machine: ids, ports, directories, and what each configuration file says.
 * Pure: looks at no port, writes no file.
 */
import { join, resolve } from "node:path";
import { InterrexError } from "../../src/base/errors.ts";
import type { AppendFsync } from "../../src/io/storage/member-storage.ts";
import type { ReplicationMode } from "../../src/rules/group-record.ts";
import { PORT_MAX } from "../config/fields.ts";
import { nodeFileSchema } from "../config/node-file.ts";
import { PEER_PORT_DISTANCE, peerPortOf, peerUrlOf } from "../config/peer-port.ts";
import { sentinelFileSchema, toSentinelConfig } from "../config/sentinel-file.ts";
import { validate } from "../config/validate.ts";

export interface ClusterPlan {
  readonly group: string;
  readonly nodes: number;
  readonly sentinels: number;
  /** Address that all bind to. */
  readonly host: string;
  /** Where all are told to be reached; `null` for `host`. */
  readonly announceHost: string | null;
  /** Of the first node; the others follow one by one. */
  readonly port: number;
  readonly sentinelPort: number;
  readonly replication: ReplicationMode;
  /** W; `null` for the default of the mode. */
  readonly copies: number | null;
  readonly downAfterMs: number;
  readonly appendfsync: AppendFsync;
  readonly dataDir: string;
  readonly password: string | null;
  readonly peerSecret: string | null;
}

export interface PlannedProcess {
  readonly kind: "node" | "sentinel";
  readonly id: string;
  /** Where others reach it. */
  readonly host: string;
  /** Address that it binds to. */
  readonly bindHost: string;
  readonly port: number;
  readonly peerPort: number;
  /** Its directory; absolute, so that its file works from anywhere. */
  readonly dir: string;
  readonly configPath: string;
  readonly logPath: string;
  /** What its configuration file says. */
  readonly file: Readonly<Record<string, unknown>>;
}

export interface Layout {
  readonly nodes: readonly PlannedProcess[];
  readonly sentinels: readonly PlannedProcess[];
}

/**
 * @throws InterrexError `BAD_FLAG` when ports pass 65535 or meet each other, `BAD_CONFIG` when a value doesn't fit;
 *   both name the flag.
 */
export function planLayout(plan: ClusterPlan): Layout {
  const nodes = addresses("node", "n", plan.nodes, plan.port, plan);
  const sentinels = addresses("sentinel", "s", plan.sentinels, plan.sentinelPort, plan);
  refuseSharedPorts([...nodes, ...sentinels]);
  const nodeList = nodes.map(({ id, host, peerPort }) => ({ id, url: peerUrlOf(host, peerPort) }));
  const sentinelList = sentinels.map(({ id, host, port, peerPort }) => ({
    id,
    url: peerUrlOf(host, peerPort),
    host,
    port,
  }));
  const secrets = {
    ...(plan.password === null ? {} : { password: plan.password }),
    ...(plan.peerSecret === null ? {} : { peerSecret: plan.peerSecret }),
  };
  const group = {
    name: plan.group,
    nodes: nodeList,
    downAfterMs: plan.downAfterMs,
    replication: { mode: plan.replication, ...(plan.copies === null ? {} : { copies: plan.copies }) },
  };
  const layout = {
    nodes: nodes.map((process) => ({
      ...process,
      file: { ...commonFile(process), ...secrets, appendfsync: plan.appendfsync },
    })),
    sentinels: sentinels.map((process) => ({
      ...process,
      file: { ...commonFile(process), ...secrets, sentinels: sentinelList, groups: [group] },
    })),
  };
  for (const { file } of layout.nodes) validate(nodeFileSchema, { file: null, flags: file });
  for (const { file } of layout.sentinels) {
    toSentinelConfig(validate(sentinelFileSchema, { file: null, flags: file }));
  }
  return layout;
}

type Address = Omit<PlannedProcess, "file">;

function addresses(
  kind: PlannedProcess["kind"],
  prefix: string,
  count: number,
  firstPort: number,
  plan: ClusterPlan,
): Address[] {
  const flag = kind === "node" ? "--port" : "--sentinel-port";
  return Array.from({ length: count }, (_, index) => {
    const id = `${prefix}${index + 1}`;
    const port = firstPort + index;
    if (port + PEER_PORT_DISTANCE > PORT_MAX) {
      const highest = PORT_MAX - PEER_PORT_DISTANCE - count + 1;
      throw new InterrexError(
        "BAD_FLAG",
        `${flag} ${firstPort} is too high: the peer port of ${id} would be ${port} + ${PEER_PORT_DISTANCE}, past ${PORT_MAX}; ` +
          `give ${highest} or less`,
      );
    }
    const dir = resolve(plan.dataDir, id);
    return {
      kind,
      id,
      host: plan.announceHost ?? plan.host,
      bindHost: plan.host,
      port,
      peerPort: peerPortOf(port),
      dir,
      configPath: join(dir, `${kind}.yaml`),
      logPath: join(dir, `${id}.log`),
    };
  });
}

function commonFile({ id, host, bindHost, port, peerPort, dir }: Address): Record<string, unknown> {
  const announced = host === bindHost ? {} : { announceHost: host };
  return { id, host: bindHost, ...announced, port, peerPort, dataDir: dir };
}

function refuseSharedPorts(processes: readonly Address[]): void {
  const owners = new Map<number, string>();
  for (const { id, port, peerPort } of processes) {
    for (const [number, owner] of [
      [port, id],
      [peerPort, `${id}'s peers`],
    ] as const) {
      const other = owners.get(number);
      if (other !== undefined) {
        throw new InterrexError(
          "BAD_FLAG",
          `Port ${number} would serve both ${other} and ${owner}; move --port and --sentinel-port further apart`,
        );
      }
      owners.set(number, owner);
    }
  }
}
