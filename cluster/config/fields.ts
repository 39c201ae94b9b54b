/** The kinds of value that configuration files and flags are made of, each with the words of its refusal. */
import { BlockList, isIPv6 } from "node:net";
import { z } from "zod";
import { shownValue } from "./shown.ts";

export const PORT_MAX = 65_535;

export const DEFAULT_GROUP = "mymaster";

/** A month; longer waits are mistakes of unit. */
export const DURATION_MS_MAX = 2_592_000_000;
/** A node that is at work longer than that without anything to do is at work for nothing. */
export const BUSY_POLL_US_MAX = 10_000;

const ANY_ADDRESSES = new Set(["0.0.0.0", "[::]", "[::ffff:0:0]"]);
const LINK_LOCAL = new BlockList();
LINK_LOCAL.addSubnet("fe80::", 10, "ipv6");

export const LOG_LEVELS: readonly ["trace", "debug", "info", "warn", "error", "fatal", "silent"] = [
  "trace",
  "debug",
  "info",
  "warn",
  "error",
  "fatal",
  "silent",
];
export const REPLICATION_MODES: readonly ["async", "semi-sync", "sync"] = ["async", "semi-sync", "sync"];
export const APPEND_FSYNC: readonly ["always", "everysec", "no"] = ["always", "everysec", "no"];

/** A whole number within bounds, both included. */
export function wholeNumber(min: number, max: number): z.ZodNumber {
  const error = `must be a whole number from ${min} to ${max}`;
  return z.number({ error }).int({ error }).min(min, { error }).max(max, { error });
}

export const PRIORITY_MAX = 1_000_000;

/** Redis's 0 says "never promote"; here it would say "first of all", and be shown to clients as the former. */
const NO_PRIORITY_ZERO = "must be from 1; for a node that is never promoted use `voting: false`";

/** Lower is preferred. */
export function priority(): z.ZodNumber {
  const error = `must be a whole number from 1 to ${PRIORITY_MAX}`;
  return z
    .number({ error })
    .int({ error })
    .min(1, { error: ({ input }) => (input === 0 ? NO_PRIORITY_ZERO : error) })
    .max(PRIORITY_MAX, { error });
}

export function port(): z.ZodNumber {
  return wholeNumber(1, PORT_MAX);
}

export function text(): z.ZodString {
  const error = "must be text, not empty; put it in quotes when it looks like a number";
  return z.string({ error }).min(1, { error });
}

/** Ids become file names and appear in logs and Redis replies: letters, digits, `.`, `_` and `-` only. */
export function id(): z.ZodString {
  const error = "must be 1 to 64 letters, digits, '.', '_' or '-', beginning with a letter or digit";
  return z.string({ error }).regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/, { error });
}

/** A host name or an address without port, as Redis clients and peers are told it. */
export function host(): z.ZodString {
  const error = "must be a host name or an IP address, without a port";
  return z
    .string({ error })
    .regex(/^[A-Za-z0-9._:-]{1,253}$/, { error, abort: true })
    .refine((value) => !value.includes(":") || isIPv6(value), {
      error: ({ input }) => `${error} (got ${shownValue(input)})`,
      abort: true,
    })
    .refine((value) => !isLinkLocal(value), {
      error: ({ input }) =>
        `is ${shownValue(input)}, a link-local address, which means nothing without an interface; give one of another scope, or a name`,
    });
}

function isLinkLocal(host: string): boolean {
  return isIPv6(host) && LINK_LOCAL.check(host, "ipv6");
}

/** All addresses of the machine that listens, however it is spelt: none that could be dialled from elsewhere. */
export function isAnyAddress(host: string): boolean {
  // The URL parser knows short forms, such as 0 and ::0.
  const url = `ws://${host.includes(":") ? `[${host}]` : host}`;
  return URL.canParse(url) && ANY_ADDRESSES.has(new URL(url).hostname);
}

/** A name of a site or rack; empty for none. */
export function zone(): z.ZodString {
  const error = "must be text; put it in quotes when it looks like a number";
  return z.string({ error }).max(64, { error: "must be at most 64 characters" });
}

/** Where a peer port listens, such as `ws://127.0.0.1:16379`. */
export function peerUrl(): z.ZodString {
  const error = "must be a peer port's address such as ws://127.0.0.1:16379";
  const shape = /^ws:\/\/[A-Za-z0-9._-]+:\d{1,5}$|^ws:\/\/\[[0-9A-Fa-f:.]+\]:\d{1,5}$/;
  return z
    .string({ error })
    .regex(shape, { error, abort: true })
    .refine(canBeDialled, { error: ({ input }) => `${error} (got ${shownValue(input)})` });
}

function canBeDialled(url: string): boolean {
  // Empty where it is what `ws` has anyway.
  return (
    URL.canParse(url) &&
    new URL(url).port !== "0" &&
    !isAnyAddress(new URL(url).hostname.replace(/^\[|\]$/g, ""))
  );
}

export function yesOrNo(): z.ZodBoolean {
  return z.boolean({ error: "must be true or false" });
}

/** Bytes, or text such as `512mb`. */
export function memory(): z.ZodUnion<[z.ZodNumber, z.ZodString]> {
  const error = "must be a number of bytes, or text such as 512mb or 4gb";
  const number = z.number({ error }).int({ error }).min(0, { error });
  return z.union([number, z.string({ error }).regex(/^\d{1,12}([kmg]?b)?$/i, { error })], { error });
}

/** One of a few words. */
export function oneOf<const Words extends readonly [string, ...string[]]>(
  words: Words,
): z.ZodEnum<{ [Word in Words[number]]: Word }> {
  const error = `must be ${listOf(words)}`;
  return z.enum(words, { error }) as z.ZodEnum<{ [Word in Words[number]]: Word }>;
}

function listOf(words: readonly string[]): string {
  const last = words.at(-1) ?? "";
  return words.length < 2 ? last : `${words.slice(0, -1).join(", ")} or ${last}`;
}
