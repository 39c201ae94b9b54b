/** What Redis clients send: RESP arrays and inline commands, in any pieces, before and after authentication. */
import fc from "fast-check";
import { encodeCommand } from "../../../src/protocol/resp/command-encoder.ts";
import { DEFAULT_REDIS_LIMITS, type RequestLimits } from "../../../src/protocol/resp/limits.ts";
import { ProtocolError } from "../../../src/protocol/resp/protocol-error.ts";
import { RequestDecoder } from "../../../src/protocol/resp/request-decoder.ts";
import { command, latin1Text } from "../../protocol/resp/arbitrary-requests.ts";
import { withinBytes } from "../allocations.ts";
import { changedBytes, garbageBytes, splitAt } from "../byte-mutations.ts";
import { same } from "../same.ts";
import { type FuzzTarget, fuzzTarget, type Outcome, require } from "../target.ts";

interface Input {
  readonly bytes: Buffer;
  readonly cuts: readonly number[];
  readonly limits: RequestLimits;
  /** The client is let in after so many commands. */
  readonly loginAfter: number;
}

interface Decoded {
  readonly commands: readonly string[][];
  readonly error: ProtocolError | undefined;
  readonly calls: number;
}

/** An argument is six bytes at least, and counts 24 more as long as its command is not complete. */
const HELD_PER_BYTE_MAX = 5;
const SMALL_LIMITS: RequestLimits = { bulkBytesMax: 40, argumentsMax: 6, inlineBytesMax: 30 };
const TOKENS = [
  "\r\n",
  "\n",
  "\r",
  "*1\r\n",
  "*0\r\n",
  "$0\r\n\r\n",
  "*2\r\n$1\r\na\r\n",
  '"',
  "'",
  "\\x4",
  "POST ",
];

const inline = fc.array(latin1Text, { maxLength: 4 }).map((argv) => `${argv.map(quoted).join(" ")}\r\n`);
const stream = fc
  .array(fc.oneof(command.map(encodeCommand), inline), { minLength: 1, maxLength: 6 })
  .map((pieces) => Buffer.from(pieces.join(""), "latin1"));

const inputs: fc.Arbitrary<Input> = fc.record({
  bytes: fc.oneof(
    { weight: 1, arbitrary: garbageBytes },
    { weight: 6, arbitrary: changedBytes(stream, TOKENS) },
  ),
  cuts: fc.array(fc.nat({ max: 4000 }), { maxLength: 12 }),
  limits: fc.constantFrom(DEFAULT_REDIS_LIMITS, DEFAULT_REDIS_LIMITS, SMALL_LIMITS),
  loginAfter: fc.constantFrom(0, 0, 1, 3, Number.POSITIVE_INFINITY),
});

function quoted(bytes: string): string {
  return `"${Buffer.from(bytes, "latin1").toString("hex").replaceAll(/../g, "\\x$&")}"`;
}

function decode(chunks: readonly Buffer[], { limits, loginAfter }: Omit<Input, "bytes" | "cuts">): Decoded {
  const decoder = new RequestDecoder(limits);
  const commands: string[][] = [];
  let calls = 0;
  let fed = 0;
  decoder.unauthenticated = loginAfter > 0;
  for (const chunk of chunks) {
    decoder.feed(chunk);
    fed += chunk.length;
    for (;;) {
      calls++;
      const held = decoder.bufferedBytes;
      require(held >= 0 && held <= fed * HELD_PER_BYTE_MAX, "no more is held than what was fed takes");
      const argv = decoder.next();
      if (argv === undefined) break;
      require(argv.length > 0 && argv.length <= limits.argumentsMax + limits.inlineBytesMax, "argv's length");
      commands.push(argv);
      decoder.unauthenticated = commands.length < loginAfter;
    }
  }
  if (decoder.error !== undefined) require(decoder.bufferedBytes === 0, "nothing is held after an error");
  return { commands, error: decoder.error, calls };
}

async function check(input: Input): Promise<Outcome> {
  const chunks = splitAt(input.bytes, input.cuts);
  // A buffer of its own for each chunk at most, and what arrived a few times over.
  const bytesMax = 2048 * (chunks.length + 1) + 16 * input.bytes.length;
  const { whole, pieces } = await withinBytes(bytesMax, () => ({
    whole: decode([input.bytes], input),
    pieces: decode(chunks, input),
  }));
  same(pieces.commands, whole.commands, "any split gives the same commands");
  same(pieces.error?.message, whole.error?.message, "any split gives the same error");
  require(whole.calls <= whole.commands.length + 1, "one call a command, and one more");
  const again = Buffer.from(whole.commands.map(encodeCommand).join(""), "latin1");
  const encoded = decode([again], { limits: DEFAULT_REDIS_LIMITS, loginAfter: 0 });
  same(encoded.commands, whole.commands, "commands read back as they were encoded");
  if (whole.error === undefined) return "decoded";
  require(whole.error instanceof ProtocolError, "an error is a ProtocolError");
  require(/^-ERR [^\r\n]{1,200}\r\n$/.test(whole.error.reply), "an error is one short line");
  return "refused";
}

export const respRequests: FuzzTarget = fuzzTarget("resp-requests", inputs, check);
