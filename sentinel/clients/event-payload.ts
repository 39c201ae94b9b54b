/** A notice as subscribers get it: Redis Sentinel's channel and its exact payload. Decides no delivery. */
import { unreachable } from "../../src/base/errors.ts";
import type { EventInstance, SentinelNotice } from "../core/sentinel-event.ts";
import { replicaName } from "./replica-name.ts";
import { wireText } from "./wire-text.ts";

export interface SentinelMessage {
  readonly channel: string;
  /** Wire text. */
  readonly payload: string;
}

export function messageOf(notice: SentinelNotice): SentinelMessage {
  return { channel: notice.channel, payload: wireText(payloadOf(notice)) };
}

function payloadOf(notice: SentinelNotice): string {
  switch (notice.channel) {
    case "+switch-master":
      return `${notice.group} ${notice.from.host} ${notice.from.port} ${notice.to.host} ${notice.to.port}`;
    case "+new-epoch":
      return String(notice.epoch);
    case "+vote-for-leader":
      return `${notice.leader} ${notice.epoch}`;
    default: {
      const extra = notice.extra === null ? "" : ` ${notice.extra}`;
      return `${describe(notice.instance)}${belongsTo(notice.instance, notice.master)}${extra}`;
    }
  }
}

function describe(instance: EventInstance): string {
  const { host, port } = instance.address;
  return `${instance.kind} ${nameOf(instance)} ${host} ${port}`;
}

function nameOf(instance: EventInstance): string {
  switch (instance.kind) {
    case "slave":
      return replicaName(instance.address);
    case "master":
    case "sentinel":
      return instance.name;
    default:
      return unreachable(instance.kind);
  }
}

function belongsTo(instance: EventInstance, master: EventInstance | null): string {
  if (instance.kind === "master" || master === null) return "";
  return ` @ ${master.name} ${master.address.host} ${master.address.port}`;
}
