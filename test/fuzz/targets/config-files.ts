/** `node.yaml` and `sentinel.yaml`. */
import fs from "node:fs";
import { stripVTControlCharacters } from "node:util";
import fc from "fast-check";
import { nodeFileSchema, toNodeConfig } from "../../../cluster/config/node-file.ts";
import { sentinelFileSchema, toSentinelConfig } from "../../../cluster/config/sentinel-file.ts";
import { validate } from "../../../cluster/config/validate.ts";
import { parseYaml } from "../../../cluster/config/yaml-source.ts";
import { byteChange, garbageBytes } from "../byte-mutations.ts";
import { jsonChange } from "../json-mutations.ts";
import { same } from "../same.ts";
import { type FuzzTarget, fuzzTarget, type Outcome, refusal, require } from "../target.ts";

/** A line for a terminal, not a page. */
const MESSAGE_CHARS_MAX = 1000;

const TOKENS = [
  ..."\n|: |- |&a |*a |*b|<<: *a\n|!!binary |!!set |!x |? |{|}|[|]|\"|'|>\n| |- |%YAML 1.1\n---\n|---\n|...\n|#|@|\t|~|.inf|.nan|0x10|1e3".split(
    "|",
  ),
  "|\n",
  '"a\\nb": 1\n',
  '"\\e[2J": 1\n',
  "__proto__: {id: n1}\n",
  "[".repeat(3000),
  "{a: ".repeat(3000),
  "- ".repeat(3000),
  "x".repeat(3000),
  `${"y".repeat(3000)}: 1\n`,
];

function texts(example: string): fc.Arbitrary<string> {
  // From the working directory: the long run's compiled files lie elsewhere.
  const file = fs.readFileSync(`config/${example}`, "utf8");
  const value = parseYaml(example, file).value;
  return fc.oneof(
    { weight: 1, arbitrary: garbageBytes.map((bytes) => bytes.toString()) },
    { weight: 6, arbitrary: byteChange(TOKENS).map((change) => change(Buffer.from(file)).toString()) },
    // JSON is YAML.
    { weight: 4, arbitrary: jsonChange.map((change) => change(value)) },
  );
}

function checker<Config>(read: (text: string) => Config): (text: string) => Outcome {
  return (text) => {
    let config: Config;
    try {
      config = read(text);
    } catch (error) {
      const message = error instanceof Error ? error.message : "";
      require(message.length <= MESSAGE_CHARS_MAX, "a message is short");
      require(stripVTControlCharacters(message) === message &&
        !/\p{Cc}/u.test(message), "a message is one line");
      return refusal(error, "BAD_CONFIG");
    }
    require(config !== null && typeof config === "object", "a configuration comes of it");
    same(read(text), config, "the same text is the same configuration");
    return "decoded";
  };
}

export const nodeConfig: FuzzTarget = fuzzTarget(
  "node-config",
  texts("n1.yaml"),
  checker((text) => toNodeConfig(validate(nodeFileSchema, { file: parseYaml("n.yaml", text), flags: {} }))),
);

export const sentinelConfig: FuzzTarget = fuzzTarget(
  "sentinel-config",
  texts("s1.yaml"),
  checker((text) =>
    toSentinelConfig(validate(sentinelFileSchema, { file: parseYaml("s.yaml", text), flags: {} })),
  ),
);
