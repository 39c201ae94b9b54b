/** Where a process listens for its peers when nobody says otherwise. */
export const PEER_PORT_DISTANCE = 10_000;

/** The peer port that belongs to a client port; past 65535 for the highest ones. */
export function peerPortOf(clientPort: number): number {
  return clientPort + PEER_PORT_DISTANCE;
}

export function peerUrlOf(host: string, peerPort: number): string {
  return host.includes(":") ? `ws://[${host}]:${peerPort}` : `ws://${host}:${peerPort}`;
}
