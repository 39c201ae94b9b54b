/** A connection that has met itself; see `refuseSelf`. Dials nothing. */
import type { Socket } from "node:net";

/**
 * Who dials a port of its own host where nobody listens may be given that very port for its own end, as Linux does where the port is
 * in `ip_local_port_range`; TCP then connects the socket to itself, and who is to listen there finds its port in use. Such a socket is
 * reset, so that the port is free at once and not only after a minute.
 *
 * @param socket just connected.
 * @returns what a port is to be told of where nobody listens; `null` for a connection to somebody else.
 */
export function refuseSelf(socket: Socket): Error | null {
  const { localAddress, localPort, remoteAddress, remotePort } = socket;
  if (localPort !== remotePort || localAddress !== remoteAddress) return null;
  socket.resetAndDestroy();
  const message = `connect ECONNREFUSED ${remoteAddress}:${remotePort} (it met itself)`;
  return Object.assign(new Error(message), { code: "ECONNREFUSED" });
}
