/**
 * How two peers prove who they are before the first message: what is said, and what is believed. Opens no socket.
 *
 * The answerer sends a `challenge` as soon as the WebSocket is open; the dialler answers with `hello` and the answerer
 * with `welcome`, or `refusal`: one round trip. With a secret each side proves it by an HMAC over both nonces and both
 * identities. The dialler proves itself first, so that nobody who merely dials gets anything to guess the secret from.
 * Without a secret, identities are taken as they are given. Frames after the handshake are not signed: the secret keeps
 * strangers out, it does not replace TLS where the network can't be trusted.
 */
import { createHmac, randomBytes, timingSafeEqual } from "node:crypto";
import { z } from "zod";
import { InterrexError } from "../../base/errors.ts";
import { PEER_PROTOCOL_VERSION, type PeerIdentity, type PeerTarget } from "../../protocol/peer/identity.ts";
import { startIdSchema } from "../../protocol/peer/schema.ts";

/** A `probe` asks only who answers; it ends with the welcome. */
export type DialPurpose = "link" | "probe";

export interface Credentials {
  readonly self: PeerIdentity;
  /** `null`: none is asked for and none is accepted. */
  readonly secret: string | null;
}

const text = z.string().min(1).max(1024);
const kind = z.enum(["node", "sentinel"]);
const identitySchema = z.object({ kind, id: text, startId: startIdSchema });
/** A refusal may name both sides, and each name may be as long as any. */
const REASON_CHARS_MAX = 4096;
const proofSchema = z.string().max(128).nullable();

const challengeSchema = z.object({
  type: z.literal("challenge"),
  version: z.int(),
  nonce: text,
  withSecret: z.boolean(),
});
const helloSchema: z.ZodType<Hello> = z.object({
  type: z.literal("hello"),
  version: z.int(),
  purpose: z.enum(["link", "probe"]),
  identity: identitySchema,
  target: z.object({ kind, id: text }),
  nonce: text,
  proof: proofSchema,
});
const welcomeSchema = z.object({ type: z.literal("welcome"), identity: identitySchema, proof: proofSchema });
const refusalSchema = z.object({ type: z.literal("refusal"), reason: z.string().max(REASON_CHARS_MAX) });

type Challenge = z.infer<typeof challengeSchema>;

export interface Hello {
  readonly type: "hello";
  readonly version: number;
  readonly purpose: DialPurpose;
  readonly identity: PeerIdentity;
  /** Whom the dialler means to reach. */
  readonly target: { readonly kind: "node" | "sentinel"; readonly id: string };
  readonly nonce: string;
  readonly proof: string | null;
}

export interface Answer {
  readonly reply: string;
  /** Why the dialler is not let in; `null` when it is. */
  readonly refused: string | null;
}

/** The side that was dialled. One for each connection. */
export class Answerer {
  readonly #credentials: Credentials;
  readonly #nonce = newNonce();

  constructor(credentials: Credentials) {
    this.#credentials = credentials;
  }

  challenge(): string {
    const challenge: Challenge = {
      type: "challenge",
      version: PEER_PROTOCOL_VERSION,
      nonce: this.#nonce,
      withSecret: this.#credentials.secret !== null,
    };
    return JSON.stringify(challenge);
  }

  /**
   * Judges the hello; when it isn't refused, its identity is proven.
   *
   * @param objectionTo why a peer whose identity is proven may not be linked; `null` when it may.
   */
  answer(hello: Hello, objectionTo: (peer: PeerIdentity) => string | null): Answer {
    const refused = this.#objection(hello) ?? (hello.purpose === "link" ? objectionTo(hello.identity) : null);
    if (refused !== null) return { reply: JSON.stringify({ type: "refusal", reason: refused }), refused };
    const { self, secret } = this.#credentials;
    const proof = secret === null ? null : answererProof(secret, this.#nonce, hello, self);
    return { reply: JSON.stringify({ type: "welcome", identity: self, proof }), refused: null };
  }

  #objection(hello: Hello): string | null {
    const { self, secret } = this.#credentials;
    if (hello.version !== PEER_PROTOCOL_VERSION) return versionMismatch(hello.version);
    if (secret === null && hello.proof !== null)
      return `${nameOf(self)} has no peerSecret, the dialler has one`;
    if (secret !== null && hello.proof === null)
      return `${nameOf(self)} has a peerSecret, the dialler has none`;
    if (secret !== null && !sameProof(hello.proof, diallerProof(secret, this.#nonce, hello))) {
      return "the dialler's peerSecret is another one";
    }
    if (!samePeer(hello.target, self)) return `${nameOf(hello.target)} was dialled, this is ${nameOf(self)}`;
    if (samePeer(hello.identity, self)) return `the dialler calls itself ${nameOf(self)}, as this one does`;
    return null;
  }
}

/** The side that dials. One for each connection. */
export class Dialler {
  readonly #credentials: Credentials;
  readonly #target: PeerTarget;
  readonly #purpose: DialPurpose;

  constructor(credentials: Credentials, target: PeerTarget, purpose: DialPurpose) {
    this.#credentials = credentials;
    this.#target = target;
    this.#purpose = purpose;
  }

  /**
   * Answers the answerer's first frame.
   *
   * @returns the hello: send `JSON.stringify` of it, and keep it for `welcomed`, with the challenge's nonce.
   * @throws InterrexError PEER_REFUSED when the two can't talk.
   */
  hello(frame: Buffer): { readonly hello: Hello; readonly challengeNonce: string } {
    const challenge = parsed(challengeSchema, frame);
    const { self, secret } = this.#credentials;
    if (challenge.version !== PEER_PROTOCOL_VERSION) throw refusal(versionMismatch(challenge.version));
    if (challenge.withSecret !== (secret !== null)) {
      const [has, hasNot] = challenge.withSecret ? [this.#target, self] : [self, this.#target];
      throw refusal(`${nameOf(has)} has a peerSecret, ${nameOf(hasNot)} has none`);
    }
    const unsigned: Hello = {
      type: "hello",
      version: PEER_PROTOCOL_VERSION,
      purpose: this.#purpose,
      identity: self,
      target: { kind: this.#target.kind, id: this.#target.id },
      nonce: newNonce(),
      proof: null,
    };
    const proof = secret === null ? null : diallerProof(secret, challenge.nonce, unsigned);
    const hello = { ...unsigned, proof };
    return { hello, challengeNonce: challenge.nonce };
  }

  /**
   * Judges the answerer's second frame.
   *
   * @returns who it has proven to be.
   * @throws InterrexError PEER_REFUSED when it refuses, or is not whom it should be.
   */
  welcomed(frame: Buffer, hello: Hello, challengeNonce: string): PeerIdentity {
    const answer = parsed(z.discriminatedUnion("type", [welcomeSchema, refusalSchema]), frame);
    if (answer.type === "refusal") throw refusal(answer.reason);
    const { secret } = this.#credentials;
    if (
      secret !== null &&
      !sameProof(answer.proof, answererProof(secret, challengeNonce, hello, answer.identity))
    ) {
      throw refusal(`${nameOf(this.#target)} could not prove the peerSecret`);
    }
    if (!samePeer(answer.identity, this.#target)) {
      throw refusal(`${nameOf(this.#target)} was dialled, ${nameOf(answer.identity)} answered`);
    }
    return answer.identity;
  }
}

/** @throws InterrexError PEER_REFUSED when it is no hello. */
export function parseHello(frame: Buffer): Hello {
  return parsed(helloSchema, frame);
}

/** `node n1`, for logs. */
export function nameOf(peer: { readonly kind: string; readonly id: string }): string {
  return `${peer.kind} ${peer.id}`;
}

/** True when both name the same peer, whatever process it is now. */
export function samePeer(
  a: { readonly kind: string; readonly id: string },
  b: { readonly kind: string; readonly id: string },
): boolean {
  return a.kind === b.kind && a.id === b.id;
}

function diallerProof(secret: string, challengeNonce: string, hello: Hello): string {
  return prove(secret, "dialler", [challengeNonce, ...helloParts(hello)]);
}

function answererProof(secret: string, challengeNonce: string, hello: Hello, self: PeerIdentity): string {
  return prove(secret, "answerer", [challengeNonce, ...helloParts(hello), self.kind, self.id, self.startId]);
}

function helloParts(hello: Hello): string[] {
  const { identity, target } = hello;
  return [
    hello.nonce,
    hello.purpose,
    identity.kind,
    identity.id,
    identity.startId,
    target.kind,
    target.id,
    `${hello.version}`,
  ];
}

/** The side is part of what is signed, so that a proof can't be sent back to the one who made it. */
function prove(secret: string, side: "dialler" | "answerer", parts: readonly string[]): string {
  return createHmac("sha256", secret)
    .update(JSON.stringify(["interrex", side, ...parts]))
    .digest("base64url");
}

function sameProof(given: string | null, expected: string): boolean {
  const a = Buffer.from(given ?? "");
  const b = Buffer.from(expected);
  return a.length === b.length && timingSafeEqual(a, b);
}

function newNonce(): string {
  return randomBytes(16).toString("base64url");
}

function versionMismatch(theirs: number): string {
  return `peer protocol version ${theirs} there, ${PEER_PROTOCOL_VERSION} here`;
}

function refusal(reason: string): InterrexError {
  return new InterrexError("PEER_REFUSED", reason);
}

function parsed<T>(schema: z.ZodType<T>, frame: Buffer): T {
  let value: unknown;
  try {
    value = JSON.parse(frame.toString("utf8"));
  } catch (cause) {
    throw new InterrexError("PEER_REFUSED", "what was said is no peer protocol", { cause });
  }
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const where = result.error.issues[0]?.path.join(".");
  throw new InterrexError(
    "PEER_REFUSED",
    `what was said breaks the peer handshake at ${where || "its beginning"}`,
  );
}
