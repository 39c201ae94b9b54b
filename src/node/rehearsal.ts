/**
 * A replica's first moments as a master, played beforehand for V8: what it does for the first time when it is promoted
 * (serve clients, write, feed replicas) has then run in this process, and a failover does not wait until it is compiled.
 * On two cores that was a quarter of the outage.
 *
 * Played on two nodes of its own, which keep all in memory, listen on loopback with a secret that nobody knows, and are
 * gone after some tenths of a second. The node that serves has no part in it. For processes that run one node; where all
 * are in one process, as in tests, each runs the others' code.
 */
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { connect } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { setFlagsFromString } from "node:v8";
import { InterrexError } from "../base/errors.ts";
import type { MemberId, Millis } from "../base/ids.ts";
import { createLogger, type Logger } from "../io/logger.ts";
import type { NodeStatus } from "../protocol/peer/node-messages.ts";
import { encodeCommand } from "../protocol/resp/command-encoder.ts";
import { DataNode } from "./data-node.ts";
import { NODE_DEFAULTS, type NodeConfig } from "./node-config.ts";

const HOST = "127.0.0.1";
/** Nobody waits for a rehearsal, so it is looked for its time now and then. */
const LOOK_EVERY_MS: Millis = 1000;
const TIMEOUT_MS: Millis = 10_000;
/**
 * What client libraries say when they connect, what applications say most, and a wait for the replica. The reply to INFO,
 * which may come in pieces, is the last one.
 */
const COMMANDS: readonly (readonly string[])[] = [
  ["CLIENT", "SETINFO", "LIB-NAME", "rehearsal"],
  ["SET", "key", "value"],
  ["GET", "key"],
  ["INCR", "counter"],
  ["DEL", "key"],
  ["WAIT", "1", "0"],
  ["INFO"],
];

export interface RehearsalOptions {
  readonly logger: Logger;
  /** Between two looks at the node's role; 1000 where it is left out. */
  readonly lookEveryMs?: Millis;
}

/**
 * Has the process of `node` rehearse once it has a role: not before, since somebody waits for the start of a cluster, and not as
 * a master, who has run all of it. That it fails is logged, and means no more than a slower first failover.
 */
export async function rehearseLater(
  node: { status(): Pick<NodeStatus, "role"> },
  { logger, lookEveryMs = LOOK_EVERY_MS }: RehearsalOptions,
): Promise<void> {
  // V8 drops the code of what has not run for a while: it would be gone again when it is needed.
  setFlagsFromString("--no-flush-bytecode");
  do await sleep(lookEveryMs, undefined, { ref: false });
  while (node.status().role === "none");
  if (node.status().role === "master") return;
  const startedAtMs = performance.now();
  try {
    await rehearse();
    const tookMs = Math.round(performance.now() - startedAtMs);
    logger.debug({ event: "rehearsed", tookMs }, "the role of a master has been rehearsed");
  } catch (error) {
    logger.warn({ event: "not-rehearsed", err: error }, "the role of a master could not be rehearsed");
  }
}

/** @throws InterrexError as `DataNode.start`, or `NOT_REHEARSED`; an `AbortError` when a node fails or a reply doesn't come in 10 s. */
export async function rehearse(): Promise<void> {
  const failed = new AbortController();
  const onFailed = (error: unknown): void => failed.abort(error);
  const stage = { password: randomUUID(), peerSecret: randomUUID(), onFailed };
  const nodes: DataNode[] = [];
  try {
    const master = await startNode("rehearsal-master", { role: "master" }, stage);
    nodes.push(master);
    const masterUrl = `ws://${HOST}:${master.peerAddress.port}`;
    const role = { role: "replica", masterId: master.id as MemberId, masterUrl } as const;
    nodes.push(await startNode("rehearsal-replica", role, stage));
    const signal = AbortSignal.any([failed.signal, AbortSignal.timeout(TIMEOUT_MS)]);
    const greeting = ["HELLO", "2", "AUTH", "default", stage.password];
    await ask(master.address.port, [greeting, ...COMMANDS], signal);
  } finally {
    for (const node of nodes) node.kill();
  }
}

interface Stage {
  readonly password: string;
  readonly peerSecret: string;
  readonly onFailed: (error: unknown) => void;
}

async function startNode(
  id: string,
  role: NodeConfig["static"],
  { password, peerSecret, onFailed }: Stage,
): Promise<DataNode> {
  const places = { host: HOST, port: 0, peerPort: 0, announceHost: HOST, announcePort: null, dataDir: null };
  const own = { id: id as MemberId, password, peerSecret, static: role, busyPollUs: 0 };
  const config = { ...NODE_DEFAULTS, ...places, ...own };
  return await DataNode.start({ config, logger: createLogger({ level: "silent", id }), onFailed });
}

/** Says each command once the reply to the one before has come. */
async function ask(
  port: number,
  commands: readonly (readonly string[])[],
  signal: AbortSignal,
): Promise<void> {
  const socket = connect(port, HOST).setEncoding("latin1");
  try {
    await once(socket, "connect", { signal });
    for (const command of commands) {
      socket.write(encodeCommand(command), "latin1");
      const [reply] = (await once(socket, "data", { signal })) as [string];
      if (reply.startsWith("-")) {
        throw new InterrexError("NOT_REHEARSED", `${command[0]} was refused: ${reply.trim()}`);
      }
    }
  } finally {
    socket.destroy();
  }
}
