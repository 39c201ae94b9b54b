/** Values of command-line flags. */
import { InvalidArgumentError } from "commander";
import fc from "fast-check";
import { DURATION_FLAG_MS_MAX, durationFlag } from "../../../cli/duration-flag.ts";
import { hostPortListFlag, hostPortText, portFlag, wholeNumberFlag } from "../../../cli/flags.ts";
import { idUrlListFlag } from "../../../cli/id-url-flag.ts";
import { byteChange } from "../byte-mutations.ts";
import { same } from "../same.ts";
import { type FuzzTarget, fuzzTarget, type Outcome, require } from "../target.ts";

const EXAMPLES = [
  "5s",
  "250ms",
  "1.5m",
  "2h",
  "6379",
  "127.0.0.1:26379",
  "[::1]:26379",
  "localhost:1",
].concat([
  "n1=ws://127.0.0.1:16379",
  "n1=ws://a:1,n2=ws://[::1]:2",
  "1e3",
  "0x10",
  " 5",
  "9".repeat(400),
  "0.0000001ms",
]);
const inputs = fc.oneof(
  fc.string({ maxLength: 30 }),
  fc
    .tuple(fc.constantFrom(...EXAMPLES), byteChange(["ms", "s", ":", "[", "]", ".", "=", ",", "\n"]))
    .map(([example, change]) => change(Buffer.from(example)).toString()),
);

/** Each takes a text or refuses it, and says whether what it took makes sense. */
const PARSERS: readonly ((text: string) => void)[] = [
  (text) => {
    const ms = durationFlag(text);
    require(ms >= 1 && ms <= DURATION_FLAG_MS_MAX, `a duration that a timer can wait for: ${ms}`);
  },
  (text) => {
    const number = wholeNumberFlag(50, 3_600_000)(text);
    require(Number.isInteger(number) && number >= 50 && number <= 3_600_000, "a number within its bounds");
  },
  (text) => require(portFlag(text) >= 1 && portFlag(text) <= 65_535, "a port"),
  (text) => {
    const [address] = hostPortListFlag(text, undefined);
    require(address !== undefined && /^[\w.:%-]+$/.test(address.host), "a host is a name or an address");
    same(hostPortListFlag(hostPortText(address), undefined), [address], "an address reads back");
  },
  (text) => {
    const peers = idUrlListFlag(text);
    same(idUrlListFlag(peers.map(({ id, url }) => `${id}=${url}`).join(",")), peers, "peers read back");
  },
];

function check(text: string): Outcome {
  let taken = 0;
  for (const parse of PARSERS) {
    try {
      parse(text);
      taken++;
    } catch (error) {
      if (!(error instanceof InvalidArgumentError)) throw error;
    }
  }
  return taken > 0 ? "decoded" : "refused";
}

export const flags: FuzzTarget = fuzzTarget("flags", inputs, check);
