/** What the files of nodes and sentinels have in common: who the process is, where it listens, what it keeps. */
import type { z } from "zod";
import type { LogLevel } from "../../src/io/logger.ts";
import * as fields from "./fields.ts";
import { PEER_PORT_DISTANCE, peerPortOf } from "./peer-port.ts";

/** The fields of a file as they are once the defaults are filled in. */
export interface ProcessFields {
  readonly id: string;
  readonly host: string;
  readonly port: number;
  readonly peerPort?: number | undefined;
  readonly announceHost?: string | undefined;
  readonly dataDir?: string | null | undefined;
  readonly password?: string | null | undefined;
  readonly peerSecret?: string | null | undefined;
  readonly logLevel: LogLevel;
}

type Shape<Fields> = { readonly [Key in keyof Fields]-?: z.ZodType<Fields[Key]> };

export const processShape: Shape<Omit<ProcessFields, "port">> = {
  id: fields.id().describe("Name of this process, unlike every other's; also names its directory"),
  host: fields.host().default("127.0.0.1").describe("Address that both ports are bound to"),
  peerPort: fields
    .port()
    .optional()
    .describe("WebSocket for peers, HTTP for health and metrics; default: port + 10000"),
  announceHost: fields
    .host()
    .optional()
    .describe("Where others are told to reach this process; default: host"),
  dataDir: fields
    .text()
    .nullish()
    .describe("Directory of what must survive, from the working directory; null: memory only"),
  password: fields.text().nullish().describe("What Redis clients must AUTH with; null lets anyone in"),
  peerSecret: fields.text().nullish().describe("Shared secret of all peer ports; null for none"),
  logLevel: fields.oneOf(fields.LOG_LEVELS).default("info").describe("Least level that is logged"),
};

/** The same with every default worked out. `dataDir: null` stays: memory only was asked for. */
export function completeProcess(file: ProcessFields): {
  host: string;
  port: number;
  peerPort: number;
  announceHost: string;
  dataDir: string | null;
  password: string | null;
  peerSecret: string | null;
} {
  return {
    host: file.host,
    port: file.port,
    peerPort: file.peerPort ?? peerPortOf(file.port),
    announceHost: file.announceHost ?? file.host,
    dataDir: file.dataDir === undefined ? `./data/${file.id}` : file.dataDir,
    password: file.password ?? null,
    peerSecret: file.peerSecret ?? null,
  };
}

export type Refuse = (path: PropertyKey[], message: string) => void;

/** Reports what single fields cannot see. */
export function checkProcess(file: ProcessFields, refuse: Refuse): void {
  const { host, port, peerPort } = file;
  if (file.announceHost === undefined && fields.isAnyAddress(host)) {
    refuse(
      ["host"],
      `is "${host}", an address that no one can dial; add {announceHost}, the one that others can reach`,
    );
  }
  if (file.announceHost !== undefined && fields.isAnyAddress(file.announceHost)) {
    refuse(
      ["announceHost"],
      `is "${file.announceHost}", an address that no one can dial; give the one that others can reach`,
    );
  }
  if (peerPort === port) {
    refuse(["peerPort"], `is ${port}, the client port too; give it a port of its own`);
  }
  if (peerPort === undefined && peerPortOf(port) > fields.PORT_MAX) {
    refuse(
      ["port"],
      `is ${port}, which leaves no room for the peer port (${port} + ${PEER_PORT_DISTANCE} is past ${fields.PORT_MAX}); ` +
        `choose one up to ${fields.PORT_MAX - PEER_PORT_DISTANCE}, or give {peerPort} too`,
    );
  }
}
