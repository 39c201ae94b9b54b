/** What `interrex up` says when it is ready: one JSON line for machines, a screen for people. Prints nothing itself. */
import { hostPortText } from "./flags.ts";
import { layOut } from "./table.ts";
import { paint, type Terminal } from "./terminal.ts";

/** One process, as the ready line names it. */
export interface ReadyProcess {
  readonly id: string;
  readonly host: string;
  readonly port: number;
  readonly peerPort: number;
  readonly pid: number;
  /** Path of its configuration file: `interrex node --config <this>` starts it again. */
  readonly config: string;
}

export interface ReadyLine {
  readonly event: "ready";
  readonly group: string;
  readonly master: string;
  readonly nodes: readonly ReadyProcess[];
  readonly sentinels: readonly ReadyProcess[];
}

interface RunningProcess {
  readonly plan: {
    readonly id: string;
    readonly host: string;
    readonly port: number;
    readonly peerPort: number;
    readonly configPath: string;
  };
  readonly pid: number;
}

export function readyLine(
  group: string,
  master: string,
  running: { readonly nodes: readonly RunningProcess[]; readonly sentinels: readonly RunningProcess[] },
): ReadyLine {
  return {
    event: "ready",
    group,
    master,
    nodes: running.nodes.map(toReady),
    sentinels: running.sentinels.map(toReady),
  };
}

function toReady({ plan, pid }: RunningProcess): ReadyProcess {
  const { id, host, port, peerPort, configPath } = plan;
  return { id, host, port, peerPort, pid, config: configPath };
}

export interface ReadyContext {
  readonly dataDir: string;
  readonly replication: string;
  /** What may fail without an outage, in words. */
  readonly survives: string;
  readonly password?: string;
}

export function readyText(
  ready: ReadyLine,
  { dataDir, replication, survives, password }: ReadyContext,
  terminal: Pick<Terminal, "colours">,
): string {
  const dim = (text: string): string => paint(terminal, "dim", text);
  const row = (process: ReadyProcess, role: string): string[] => [
    process.id,
    role,
    hostPortText(process),
    hostPortText({ host: process.host, port: process.peerPort }),
    String(process.pid),
  ];
  const roleOf = ({ id }: ReadyProcess): string =>
    id === ready.master ? paint(terminal, "green", "master") : "replica";
  const master = ready.nodes.find(({ id }) => id === ready.master);
  const [sentinel] = ready.sentinels;
  const cli = (process: ReadyProcess | undefined): string =>
    `redis-cli -h ${process?.host} -p ${process?.port}${password === undefined ? "" : " -a PASSWORD"}`;
  const lines = [
    `${paint(terminal, "bold", ready.group)} is up, ${replication}`,
    `Survives: ${survives}.`,
    "",
    ...layOut([
      ["", "ROLE", "CLIENTS", "PEERS, HEALTH", "PID"].map(dim),
      ...ready.nodes.map((process) => row(process, roleOf(process))),
      ...ready.sentinels.map((process) => row(process, "sentinel")),
    ]),
    "",
    `Data, configuration and logs are in ${dataDir}, such as ${dataDir}/n1/n1.log; the same --data-dir brings them back.`,
    "",
    dim("Try it:"),
    `  ${cli(master)} set greeting hello`,
    `  ${cli(sentinel)} sentinel get-master-addr-by-name ${ready.group}`,
    `  interrex status --sentinel ${sentinel === undefined ? "" : hostPortText(sentinel)}${password === undefined ? "" : " --password PASSWORD"}`,
    `  kill -9 ${master?.pid}   ${dim("# the master: see who takes over")}`,
    "",
    "Ctrl-C stops everything.",
  ];
  return `${lines.join("\n")}\n`;
}
