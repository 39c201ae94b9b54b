/** Protected mode: without a password a node that listens beyond loopback serves loopback clients only. */
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

function isLoopback(remoteAddress: string): boolean {
  return /^(127\.|\[::1\]|\[::ffff:127\.)/.test(remoteAddress);
}
