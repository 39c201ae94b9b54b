/** Puts a run's events into words, one line each: who says what to whom, and when. Pure. */
import type { PeerMessage } from "../../src/protocol/peer/codec.ts";
import type { NodeStatus } from "../../src/protocol/peer/node-messages.ts";
import type { GroupRecord } from "../../src/rules/group-record.ts";
import type { Operation, OperationPhase } from "./clients/history.ts";
import type { TraceEvent } from "./trace.ts";

/** `   1234.567  s1 -> n2      ping 17, saw pong 16, lease of epoch 3` */
export function lineOf(event: TraceEvent): string {
  const [who, says] = wordsOf(event);
  return `${event.atMs.toFixed(3).padStart(10)}  ${who.padEnd(18)} ${says}`;
}

function wordsOf(event: TraceEvent): [who: string, says: string] {
  switch (event.kind) {
    case "message":
      return [`${event.from} -> ${event.to}`, messageWords(event.message)];
    case "log":
      return [event.who, `(${event.event}${fieldWords(event.fields, LOG_LEFT_OUT)})`];
    case "note":
      return ["*", event.text];
    case "operation": {
      const { client, node } = event.operation;
      const isQuestion = event.phase === "asked";
      const who = isQuestion ? `${client} -> ${node}` : `${node} -> ${client}`;
      return [who, isQuestion ? operationWords(event.operation) : answerWords(event.phase, event.operation)];
    }
    default:
      return event satisfies never;
  }
}

export function messageWords(message: PeerMessage): string {
  switch (message.type) {
    case "ping": {
      const lease = message.leaseEpoch === null ? "no lease" : `lease of epoch ${message.leaseEpoch}`;
      return `ping ${message.seq}, saw pong ${message.sawPong}, ${lease}`;
    }
    case "pong":
      return `pong ${message.seq}: ${statusWords(message.status)}`;
    case "status":
      return `status: ${statusWords(message.status)}`;
    case "sealed":
      return `sealed in ${message.epoch}: ${statusWords(message.status)}`;
    case "askVote":
      return message.pre
        ? `would you vote for me in ${message.epoch}? (${message.reason})`
        : `vote for me in ${message.epoch} (${message.reason})`;
    case "vote": {
      const answer = message.granted ? "yes" : `no, it ${message.why}`;
      const what = message.pre ? "would vote" : "votes";
      return `${what} in ${message.epoch}: ${answer}${recordWords(message.record, "; holds ")}`;
    }
    case "promote":
      return `be master of ${message.epoch}, with your log at ${positionWords(message.position)}${recordWords(message.record)}`;
    case "promoted":
      return `is master of ${message.epoch}`;
    case "refused":
      return `refuses ${message.what} in ${message.epoch}: ${message.reason}`;
    case "records":
      return (
        `records of ${message.epoch}: ${message.bytes.length} bytes after ${positionWords(message.previous)}, ` +
        `commit ${message.commit}, frame ${message.frame}`
      );
    case "ack":
      return `ack in ${message.epoch}: received ${message.received}, applied ${message.applied}, frame ${message.frame}`;
    case "store":
    case "stands":
    case "standing":
      return `${message.type}${recordWords(message.record, " ")}`;
    default:
      return `${message.type}${fieldWords(message, MESSAGE_LEFT_OUT)}`;
  }
}

export function operationWords({ key, action }: Operation): string {
  const { kind, ...rest } = action;
  const detail = Object.entries(rest).map(
    ([name, value]) => ` ${name === "value" ? "" : `${name} `}${value}`,
  );
  return `${kind} ${key}${detail.join("")}`;
}

export function answerWords(phase: Exclude<OperationPhase, "asked">, operation: Operation): string {
  const { result } = operation;
  const words = {
    answered: result ?? "nil",
    refused: "refused, unexecuted",
    left: "no answer: nobody knows",
  };
  return `${operationWords(operation)}: ${words[phase]}`;
}

function statusWords(status: NodeStatus): string {
  const { role, roleEpoch, promise, position, committed, applied, following, leaseHeld, established } =
    status;
  const words = [
    role === "none" ? "no role" : `${role} of ${roleEpoch}`,
    `promised ${promise.epoch}`,
    `log ${positionWords(position)}, committed ${committed}, applied ${applied}`,
  ];
  if (following !== null) words.push(`follows ${following.master}${following.linkUp ? "" : " (no link)"}`);
  if (role === "master") words.push(leaseHeld ? "has its lease" : "has no lease");
  if (role === "master" && !established) words.push("not established");
  return words.join("; ");
}

function recordWords(record: GroupRecord | null, before = ", record "): string {
  if (record === null) return "";
  const { number, master, members } = record;
  const admitted = members.filter((member) => member.admitted).map(({ id }) => id);
  return `${before}${number.epoch}.${number.seq}: ${master ?? "no"} master; admitted ${admitted.join(" ") || "nobody"}`;
}

function positionWords({ epoch, offset }: { readonly epoch: number; readonly offset: number }): string {
  return `${epoch}/${offset}`;
}

const MESSAGE_LEFT_OUT: ReadonlySet<string> = new Set([
  "type",
  "group",
  "groupId",
  "client",
  "history",
  "seq",
  "membership",
]);
const LOG_LEFT_OUT: ReadonlySet<string> = new Set(["group"]);

/** What is absent, empty or false is not said. */
function fieldWords(fields: object, leftOut: ReadonlySet<string>): string {
  const said = Object.entries(fields).flatMap(([name, value]) => {
    const words = leftOut.has(name) ? "" : valueWords(value);
    return words === "" ? [] : [` ${value === true ? name : `${name} ${words}`}`];
  });
  return said.length === 0 ? "" : `:${said.join(",")}`;
}

function valueWords(value: unknown): string {
  if (value === null || value === undefined || value === false) return "";
  if (Buffer.isBuffer(value)) return `${value.length} bytes`;
  if (Array.isArray(value)) return value.map(valueWords).join(" ");
  if (typeof value !== "object") return String(value);
  if ("epoch" in value && "offset" in value) return `${value.epoch}/${value.offset}`;
  if ("epoch" in value && "seq" in value) return `${value.epoch}.${value.seq}`;
  if ("number" in value && "members" in value) return recordWords(value as unknown as GroupRecord, "");
  if ("id" in value) return String(value.id);
  return JSON.stringify(value);
}
