/** What happened, as subscribers and the log hear of it. The channel names are Redis Sentinel's. */
import type { ClientAddress } from "../../src/rules/group-record.ts";

/** The instance that a message speaks of; Redis writes `<kind> <name> <host> <port> [@ <group> <host> <port>]`. */
export interface EventInstance {
  readonly kind: "master" | "slave" | "sentinel";
  /** The group's name for a master, else the id. */
  readonly name: string;
  readonly address: ClientAddress;
}

export type SentinelNotice =
  | {
      readonly channel:
        | "+sdown"
        | "-sdown"
        | "+odown"
        | "-odown"
        | "+try-failover"
        | "+elected-leader"
        | "+failover-state-select-slave"
        | "+selected-slave"
        | "+failover-state-send-slaveof-noone"
        | "+promoted-slave"
        | "+failover-state-reconf-slaves"
        | "+slave-reconf-sent"
        | "+slave-reconf-inprog"
        | "+slave-reconf-done"
        | "+failover-end"
        | "-failover-abort-no-good-slave"
        | "-failover-abort-not-elected"
        | "+slave"
        | "+sentinel"
        | "+reboot"
        | "+monitor"
        | "+recovered-with-possible-loss"
        | "+paused"
        | "+resumed"
        | "+admitted";
      readonly group: string;
      readonly instance: EventInstance;
      /** Appended to the payload after a space, for example `#quorum 2/2`. */
      readonly extra: string | null;
      /** The group's master, for the `@` part of a slave's or sentinel's line. */
      readonly master: EventInstance | null;
    }
  | {
      readonly channel: "+switch-master";
      readonly group: string;
      readonly from: ClientAddress;
      readonly to: ClientAddress;
      /** The old master's process is gone: its clients know it, their sockets have closed. */
      readonly crashed: boolean;
    }
  | { readonly channel: "+new-epoch"; readonly epoch: number }
  | {
      readonly channel: "+vote-for-leader";
      readonly leader: string;
      readonly epoch: number;
    };
