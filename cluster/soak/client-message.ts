/** What a soak and its client processes tell each other over the IPC channel. */
import type { Millis } from "../../src/base/ids.ts";
import type { Endpoint } from "../chaos/endpoint.ts";
import type { Operation } from "../chaos/history.ts";

/** To a client process. */
export type ClientOrder =
  | {
      readonly type: "start";
      readonly sentinels: readonly Endpoint[];
      readonly group: string;
      readonly password: string | undefined;
      readonly prefix: string;
      /** Numbers of its clients. */
      readonly clients: readonly number[];
      readonly seed: number;
      readonly thinkMs: Millis;
      readonly startedAtMs: Millis;
    }
  | { readonly type: "stop" };

/** From it. */
export type ClientNews =
  | { readonly type: "operations"; readonly operations: readonly Operation[]; readonly unanswered: number }
  /** All its operations have been told. */
  | { readonly type: "done" };

/** Monotonic, and the same for all processes of one machine: operations of several processes can be put in one order. */
export function machineMs(): Millis {
  return Number(process.hrtime.bigint()) / 1e6;
}
