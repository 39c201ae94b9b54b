/** `interrex node`: runs one data node in this process. */
import { type Command, Option } from "commander";
import { APPEND_FSYNC, BUSY_POLL_US_MAX, DURATION_MS_MAX, LOG_LEVELS } from "../../cluster/config/fields.ts";
import { loadNodeConfig } from "../../cluster/config/load-config.ts";
import { createLogger } from "../../src/io/logger.ts";
import { passwordOption, pathFlag, portFlag, priorityFlag, wholeNumberFlag } from "../flags.ts";
import { type IdAndUrl, idUrlFlag } from "../id-url-flag.ts";
import { loadWithPassword } from "../own-password.ts";
import { serve } from "../serve.ts";
import { printJson, type Terminal } from "../terminal.ts";

interface NodeFlags {
  readonly config?: string;
  readonly json?: boolean;
  readonly master?: boolean;
  readonly replicaof?: IdAndUrl;
  readonly memoryOnly?: boolean;
  readonly observer?: boolean;
  readonly dataDir?: string;
  readonly ackTimeout?: number;
  readonly busyPoll?: number;
  readonly [file: string]: unknown;
}

const SAME_IN_FILE = [
  "id",
  "host",
  "port",
  "peerPort",
  "announceHost",
  "announcePort",
  "appendfsync",
  "priority",
  "zone",
  "reads",
  "peerSecret",
  "logLevel",
] as const;

export function registerNodeCommand(program: Command, terminal: Terminal): void {
  program
    .command("node")
    .description("run one data node; flags win over the file")
    .option("--config <file>", "its node.yaml", pathFlag)
    .option("--id <id>", "its name, unlike every other's")
    .option("--host <host>", "address to bind (default: 127.0.0.1)")
    .option("--port <port>", "for Redis clients (default: 6379)", portFlag)
    .option("--peer-port <port>", "for peers, health and metrics (default: port + 10000)", portFlag)
    .option("--announce-host <host>", "where others are told to reach it (default: host)")
    .option("--announce-port <port>", "port that clients are told (default: port)", portFlag)
    .option("--data-dir <dir>", "what must survive (default: ./data/ID)", pathFlag)
    .addOption(new Option("--memory-only", "keep nothing on disk").conflicts("dataDir"))
    .addOption(
      new Option("--appendfsync <when>", "when records are synced (default: everysec)").choices(APPEND_FSYNC),
    )
    .option("--priority <number>", "lower is preferred for promotion (default: 100)", priorityFlag)
    .option("--zone <name>", "its site or rack")
    .option("--observer", "follow, but count nowhere and never be promoted")
    .addOption(
      new Option("--reads <how>", "local: without lease or acks (default: linearizable)").choices([
        "linearizable",
        "local",
      ]),
    )
    .option(
      "--ack-timeout <ms>",
      "how long a write waits for its copies (default: 1000)",
      wholeNumberFlag(10, DURATION_MS_MAX),
    )
    .option(
      "--busy-poll <us>",
      "how long it looks for what it expects before it sleeps (default: 400)",
      wholeNumberFlag(0, BUSY_POLL_US_MAX),
    )
    .addOption(
      new Option("--master", "a static master: no sentinels, async, no failover").conflicts("replicaof"),
    )
    .option("--replicaof <id=url>", "a static replica, such as n1=ws://127.0.0.1:16379", idUrlFlag)
    .addOption(passwordOption("Redis clients"))
    .option("--peer-secret <text>", "shared secret of the peer ports")
    .addOption(
      new Option("--log-level <level>", "least level that is logged (default: info)").choices(LOG_LEVELS),
    )
    .option("--json", "print one line of JSON when ready, and log in JSON")
    .action(async (flags: NodeFlags, command: Command) => {
      const { config, logLevel } = loadWithPassword(command, (password) =>
        loadNodeConfig({ path: flags.config, flags: { ...toFileValues(flags), password } }),
      );
      const pretty = terminal.live && flags.json !== true;
      const logger = createLogger({ level: logLevel, id: config.id, pretty });
      // Loaded here, so that the operator's commands start without it.
      const { DataNode } = await import("../../src/node/data-node.ts");
      const { markGarbageAside } = await import("../../src/node/garbage-marking.ts");
      const { rehearseLater } = await import("../../src/node/rehearsal.ts");
      markGarbageAside();
      const mayBePromoted = config.static === null && config.voting;
      await serve(
        async ({ onFailed, onShutdown }) => {
          const node = await DataNode.start({ config, logger, onFailed, onShutdown });
          if (mayBePromoted) void rehearseLater(node, { logger });
          return node;
        },
        ({ address, peerAddress }) => {
          if (flags.json !== true) return;
          const ports = { host: address.host, port: address.port, peerPort: peerAddress.port };
          printJson(terminal, { event: "ready", id: config.id, ...ports, pid: process.pid });
        },
      );
    });
}

function toFileValues(flags: NodeFlags): Record<string, unknown> {
  const { replicaof } = flags;
  return {
    ...Object.fromEntries(SAME_IN_FILE.map((key) => [key, flags[key]])),
    dataDir: flags.memoryOnly === true ? null : flags.dataDir,
    voting: flags.observer === true ? false : undefined,
    ackTimeoutMs: flags.ackTimeout,
    busyPollUs: flags.busyPoll,
    static:
      replicaof !== undefined
        ? { role: "replica", masterId: replicaof.id, masterUrl: replicaof.url }
        : flags.master === true
          ? { role: "master" }
          : undefined,
  };
}
