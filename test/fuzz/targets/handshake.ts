/** The whole peer handshake, with any of its three frames made wrong on the way. */
import fc from "fast-check";
import type { StartId } from "../../../src/base/ids.ts";
import { Answerer, Dialler, type DialPurpose, parseHello } from "../../../src/io/peer/handshake.ts";
import type { PeerIdentity } from "../../../src/protocol/peer/identity.ts";
import { type ByteChange, byteChange, garbageBytes } from "../byte-mutations.ts";
import { jsonChange } from "../json-mutations.ts";
import { same } from "../same.ts";
import { type FuzzTarget, fuzzTarget, type Outcome, refusal, require } from "../target.ts";

interface Input {
  readonly dialler: PeerIdentity;
  readonly answerer: PeerIdentity;
  /** Whom the dialler means to reach, when it is not the answerer. */
  readonly otherTarget: { readonly kind: "node" | "sentinel"; readonly id: string } | null;
  readonly purpose: DialPurpose;
  readonly secrets: readonly [string | null, string | null];
  /** What the network makes of challenge, hello and welcome; `null`: nothing. */
  readonly onTheWay: readonly (ByteChange | null)[];
}

const kind = fc.constantFrom<"node" | "sentinel">("node", "sentinel");
const id = fc.oneof(fc.constantFrom("n1", "n2", "s1"), fc.string({ minLength: 1, maxLength: 1024 }));
const identity = fc.record(
  { kind, id, startId: id as fc.Arbitrary<unknown> as fc.Arbitrary<StartId> },
  { noNullPrototype: true },
);
const secret = fc.constantFrom(null, "one", "two");
const change = fc.oneof(
  { weight: 4, arbitrary: fc.constant(null) },
  { weight: 1, arbitrary: byteChange() },
  {
    weight: 1,
    arbitrary: jsonChange.map(
      (json): ByteChange =>
        (frame) =>
          Buffer.from(json(parsed(frame))),
    ),
  },
  {
    weight: 1,
    arbitrary: garbageBytes.map(
      (bytes): ByteChange =>
        () =>
          bytes,
    ),
  },
);
const inputs: fc.Arbitrary<Input> = fc.record({
  dialler: identity,
  answerer: identity,
  otherTarget: fc.option(fc.record({ kind, id }), { freq: 5 }),
  purpose: fc.constantFrom("link", "probe"),
  secrets: fc.oneof(
    secret.map((both) => [both, both] as const),
    fc.tuple(secret, secret),
  ),
  onTheWay: fc.tuple(change, change, change),
});

function parsed(frame: Buffer): unknown {
  return JSON.parse(frame.toString());
}

function check(input: Input): Outcome {
  const [diallerSecret, answererSecret] = input.secrets;
  const answerer = new Answerer({ self: input.answerer, secret: answererSecret });
  const target = { ...input.answerer, ...input.otherTarget, url: "ws://127.0.0.1:1" };
  const dialler = new Dialler({ self: input.dialler, secret: diallerSecret }, target, input.purpose);
  const travel = (frame: string, leg: number): Buffer => {
    const bytes = Buffer.from(frame);
    return input.onTheWay[leg]?.(bytes) ?? bytes;
  };
  try {
    const { hello, challengeNonce } = dialler.hello(travel(answerer.challenge(), 0));
    const heard = parseHello(travel(JSON.stringify(hello), 1));
    const { reply, refused } = answerer.answer(heard, () => null);
    if (refused === null) {
      require(diallerSecret === answererSecret || answererSecret === null, "another secret opens no door");
      if (answererSecret !== null) same(heard, hello, "with a secret, only what was sent is believed");
    } else if (input.onTheWay[2] === null) {
      let words = "";
      try {
        dialler.welcomed(Buffer.from(reply), hello, challengeNonce);
      } catch (error) {
        refusal(error, "PEER_REFUSED");
        words = (error as Error).message;
      }
      same(words, refused, "the dialler hears why it is refused");
    }
    const peer = dialler.welcomed(travel(reply, 2), hello, challengeNonce);
    require(peer.id === target.id && peer.kind === target.kind, "who answers is whom was dialled");
    if (diallerSecret !== null) same(peer, input.answerer, "with a secret, an identity is proven");
    return "decoded";
  } catch (error) {
    return refusal(error, "PEER_REFUSED");
  }
}

export const handshake: FuzzTarget = fuzzTarget("handshake", inputs, check);
