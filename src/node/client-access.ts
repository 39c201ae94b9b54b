/**
 * Which clients are served. Protected mode: without a password a node that listens beyond loopback serves loopback clients only. Who is
 * left out by the configuration is said at the start, since to a client that can't get in everything looks well from outside.
 */
import type { Logger } from "../io/logger.ts";
import { isLoopbackHost } from "../io/loopback.ts";
import type { NodeConfig } from "./node-config.ts";

const DENIED =
  "-DENIED Running in protected mode: no password is set, so only clients that come over loopback (127.0.0.1, ::1) are served. " +
  "Set `password` in node.yaml, the same on all nodes, to serve others.";

/** @returns the refusal, or `null` to serve this client. */
export function refuseUnprotected(
  config: Pick<NodeConfig, "password">,
  remoteAddress: string,
): string | null {
  return config.password !== null || isLoopback(remoteAddress) ? null : DENIED;
}

/** @param clientsMax as many as the limit of open files allows. */
export function warnOfClientsLeftOut(config: NodeConfig, clientsMax: number, log: Logger): void {
  if (clientsMax < config.clientsMax) {
    log.warn({ event: "clients-limited", clientsMax }, "the limit of open files allows no more clients");
  }
  if (config.password === null && !isLoopbackHost(config.host)) {
    log.warn(
      { event: "protected-mode", host: config.host },
      "no password is set, so clients are served over loopback only: set `password`, the same on all nodes, to serve others",
    );
  }
}

function isLoopback(remoteAddress: string): boolean {
  return /^(127\.|\[::1\]|\[::ffff:127\.)/.test(remoteAddress);
}
