/** What a sentinel remembers of one client connection. Holds state; answers nothing and owns no socket. */
import type { Millis } from "../../src/base/ids.ts";
import type { RespVersion } from "../../src/protocol/resp/reply.ts";

/** `skipNext`: CLIENT REPLY SKIP was the last command, so the next reply is left out. */
export type ReplyMode = "on" | "off" | "skipNext";

export class ClientSession {
  readonly id: number;
  /** `ip:port`. */
  readonly address: string;
  readonly localAddress: string;
  readonly connectedAtMs: Millis;

  protocol: RespVersion = 2;
  authenticated: boolean;
  name = "";
  libraryName = "";
  libraryVersion = "";
  replyMode: ReplyMode = "on";
  lastCommand = "NULL";
  lastCommandAtMs: Millis;
  readonly channels: Set<string> = new Set();
  readonly patterns: Set<string> = new Set();

  constructor(setup: {
    readonly id: number;
    readonly address: string;
    readonly localAddress: string;
    readonly nowMs: Millis;
    readonly authenticated: boolean;
  }) {
    this.id = setup.id;
    this.address = setup.address;
    this.localAddress = setup.localAddress;
    this.connectedAtMs = setup.nowMs;
    this.lastCommandAtMs = setup.nowMs;
    this.authenticated = setup.authenticated;
  }

  get subscriptions(): number {
    return this.channels.size + this.patterns.size;
  }

  /** A RESP2 client that has subscribed may only change its subscriptions: its replies are messages. */
  get inSubscriberMode(): boolean {
    return this.protocol === 2 && this.subscriptions > 0;
  }

  /** RESET: back to what a fresh connection has, its id apart. */
  reset(authenticated: boolean): void {
    this.protocol = 2;
    this.authenticated = authenticated;
    this.name = "";
    this.replyMode = "on";
    this.channels.clear();
    this.patterns.clear();
  }
}
