/** One client as CLIENT LIST and CLIENT INFO describe it, in Redis 7.0's fields and order: client libraries read all of them. */
import type { KnownClient } from "./client-filter.ts";
import type { RespVersion } from "./reply.ts";

export interface DescribedClient extends KnownClient {
  readonly name: string;
  /** Full name of the latest command. */
  readonly lastCommand: string;
  readonly libraryName: string;
  readonly libraryVersion: string;
  readonly protocol: RespVersion;
  readonly channels: { readonly size: number };
  readonly patterns: { readonly size: number };
}

export interface ClientDetails {
  readonly ageSec: number;
  readonly idleSec: number;
  /** One letter each, `N` for none. */
  readonly flags: string;
  readonly db: number;
  /** Commands in its transaction, and the bytes of them; -1 for no transaction. */
  readonly queued: number;
  readonly queuedBytes: number;
  readonly queryBytes: number;
  readonly queryFreeBytes: number;
  readonly outputBytes: number;
}

/** Without a line end. What is not kept here is 0, as in Redis. One text for each client: there may be thousands of them. */
export function clientLine(client: DescribedClient, details: ClientDetails): string {
  const { queuedBytes, queryBytes, queryFreeBytes, outputBytes } = details;
  const totalBytes = queryBytes + queryFreeBytes + queuedBytes + outputBytes;
  const isWaitedFor = outputBytes > 0;
  return (
    `id=${client.id} addr=${client.address} laddr=${client.localAddress} fd=${client.id} name=${client.name}` +
    ` age=${details.ageSec} idle=${details.idleSec} flags=${details.flags} db=${details.db}` +
    ` sub=${client.channels.size} psub=${client.patterns.size} ssub=0 multi=${details.queued}` +
    ` qbuf=${queryBytes} qbuf-free=${queryFreeBytes} argv-mem=0 multi-mem=${queuedBytes} rbs=0 rbp=0` +
    ` obl=0 oll=${isWaitedFor ? 1 : 0} omem=${outputBytes} tot-mem=${totalBytes} events=${isWaitedFor ? "rw" : "r"}` +
    ` cmd=${client.lastCommand} user=default redir=-1 resp=${client.protocol}` +
    ` lib-name=${client.libraryName} lib-ver=${client.libraryVersion}`
  );
}
