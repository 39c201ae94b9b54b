/** `interrex sentinel`: runs one sentinel in this process. */
import { type Command, Option } from "commander";
import {
  DEFAULT_GROUP,
  DURATION_MS_MAX,
  LOG_LEVELS,
  REPLICATION_MODES,
} from "../../cluster/config/fields.ts";
import { loadSentinelConfig } from "../../cluster/config/load-config.ts";
import { InterrexError } from "../../src/base/errors.ts";
import { createLogger } from "../../src/io/logger.ts";
import { passwordOption, pathFlag, portFlag, wholeNumberFlag } from "../flags.ts";
import { type IdAndUrl, idUrlListFlag } from "../id-url-flag.ts";
import { loadWithPassword } from "../own-password.ts";
import { serve } from "../serve.ts";
import { printJson, type Terminal } from "../terminal.ts";

interface SentinelProcessFlags {
  readonly config?: string;
  readonly json?: boolean;
  readonly memoryOnly?: boolean;
  readonly dataDir?: string;
  readonly sentinels?: readonly IdAndUrl[];
  readonly nodes?: readonly IdAndUrl[];
  readonly group?: string;
  readonly quorum?: number;
  readonly downAfter?: number;
  readonly replication?: string;
  readonly copies?: number;
  readonly [file: string]: unknown;
}

const SAME_IN_FILE = ["id", "host", "port", "peerPort", "announceHost", "peerSecret", "logLevel"] as const;

export function registerSentinelCommand(program: Command, terminal: Terminal): void {
  program
    .command("sentinel")
    .description("run one sentinel; flags win over the file")
    .option("--config <file>", "its sentinel.yaml", pathFlag)
    .option("--id <id>", "its name, unlike every other's")
    .option("--host <host>", "address to bind (default: 127.0.0.1)")
    .option("--port <port>", "for clients (default: 26379)", portFlag)
    .option("--peer-port <port>", "for peers, health and metrics (default: port + 10000)", portFlag)
    .option("--announce-host <host>", "where others are told to reach it (default: host)")
    .option("--data-dir <dir>", "its votes and records (default: ./data/ID)", pathFlag)
    .addOption(new Option("--memory-only", "keep nothing on disk").conflicts("dataDir"))
    .option("--sentinels <id=url,...>", "all sentinels, this one included", idUrlListFlag)
    .option("--nodes <id=url,...>", "the data nodes of the one group that flags can describe", idUrlListFlag)
    .option("--group <name>", `its name, with --nodes (default: ${DEFAULT_GROUP})`)
    .option(
      "--quorum <count>",
      "sentinels that must agree that it is down, with --nodes",
      wholeNumberFlag(1, 99),
    )
    .option(
      "--down-after <ms>",
      "silence that counts as down, with --nodes",
      wholeNumberFlag(50, DURATION_MS_MAX),
    )
    .addOption(
      new Option("--replication <mode>", "with --nodes (default: semi-sync)").choices(REPLICATION_MODES),
    )
    .option(
      "--copies <W>",
      "copies of a write before it is acknowledged, with --nodes",
      wholeNumberFlag(1, 99),
    )
    .addOption(passwordOption("its clients"))
    .option("--peer-secret <text>", "shared secret of the peer ports")
    .addOption(
      new Option("--log-level <level>", "least level that is logged (default: info)").choices(LOG_LEVELS),
    )
    .option("--json", "print one line of JSON when ready, and log in JSON")
    .action(async (flags: SentinelProcessFlags, command: Command) => {
      const { config, logLevel } = loadWithPassword(command, (password) =>
        loadSentinelConfig({ path: flags.config, flags: { ...toFileValues(flags), password } }),
      );
      const pretty = terminal.live && flags.json !== true;
      const logger = createLogger({ level: logLevel, id: config.id, pretty });
      // Loaded here, so that the operator's commands start without it.
      const { SentinelProcess } = await import("../../sentinel/sentinel-process.ts");
      await serve(
        ({ onFailed, onShutdown }) => SentinelProcess.start({ config, logger, onFailed, onShutdown }),
        ({ address, peerAddress }) => {
          if (flags.json !== true) return;
          const ports = { host: address.host, port: address.port, peerPort: peerAddress.port };
          printJson(terminal, { event: "ready", id: config.id, ...ports, pid: process.pid });
        },
      );
    });
}

const NEED_NODES = ["group", "quorum", "downAfter", "replication", "copies"] as const;

function toFileValues(flags: SentinelProcessFlags): Record<string, unknown> {
  const lonely = flags.nodes === undefined ? NEED_NODES.find((key) => flags[key] !== undefined) : undefined;
  if (lonely !== undefined) {
    const flag = lonely === "downAfter" ? "--down-after" : `--${lonely}`;
    throw new InterrexError(
      "BAD_FLAG",
      `${flag} describes the group of --nodes; give that too, or set it in the file`,
    );
  }
  return {
    ...Object.fromEntries(SAME_IN_FILE.map((key) => [key, flags[key]])),
    dataDir: flags.memoryOnly === true ? null : flags.dataDir,
    sentinels: flags.sentinels,
    groups: flags.nodes === undefined ? undefined : [toGroup(flags, flags.nodes)],
  };
}

function toGroup(flags: SentinelProcessFlags, nodes: readonly IdAndUrl[]): Record<string, unknown> {
  return {
    name: flags.group ?? DEFAULT_GROUP,
    nodes,
    quorum: flags.quorum,
    downAfterMs: flags.downAfter,
    replication: { mode: flags.replication, copies: flags.copies },
  };
}
