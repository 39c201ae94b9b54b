/** Reads the configuration of one process from a file, from flags, or from both (flags win). Starts nothing. */
import { readFileSync } from "node:fs";
import type { SentinelConfig } from "../../sentinel/sentinel-config.ts";
import { InterrexError } from "../../src/base/errors.ts";
import type { LogLevel } from "../../src/io/logger.ts";
import type { NodeConfig } from "../../src/node/node-config.ts";
import { nodeFileSchema, toNodeConfig } from "./node-file.ts";
import { sentinelFileSchema, toSentinelConfig } from "./sentinel-file.ts";
import { type ConfigInput, validate } from "./validate.ts";
import { parseYaml, type YamlSource } from "./yaml-source.ts";

export interface ConfigSources {
  /** Path of a YAML file; left out when everything comes from flags. */
  readonly path?: string | undefined;
  /** Top-level values; undefined ones are left to the file. */
  readonly flags?: Readonly<Record<string, unknown>>;
}

export interface Loaded<Config> {
  readonly config: Config;
  readonly logLevel: LogLevel;
}

const NODE = { schema: nodeFileSchema, command: "interrex node" } as const;
const SENTINEL = { schema: sentinelFileSchema, command: "interrex sentinel" } as const;

/** @throws InterrexError `BAD_CONFIG`, one line with the file's path and line. */
export function loadNodeConfig(sources: ConfigSources): Loaded<NodeConfig> {
  const file = validate(nodeFileSchema, { ...inputOf(sources), other: SENTINEL });
  return { config: toNodeConfig(file), logLevel: file.logLevel };
}

/** @throws InterrexError `BAD_CONFIG`, one line with the file's path and line. */
export function loadSentinelConfig(sources: ConfigSources): Loaded<SentinelConfig> {
  const file = validate(sentinelFileSchema, { ...inputOf(sources), other: NODE });
  return { config: toSentinelConfig(file), logLevel: file.logLevel };
}

function inputOf({ path, flags = {} }: ConfigSources): ConfigInput {
  const given = Object.fromEntries(Object.entries(flags).filter(([, value]) => value !== undefined));
  return { file: path === undefined ? null : read(path), flags: given };
}

function read(path: string): YamlSource {
  let content: string;
  try {
    content = readFileSync(path, "utf8");
  } catch (cause) {
    const reason = reasonOf(cause as NodeJS.ErrnoException);
    throw new InterrexError("BAD_CONFIG", `Cannot read the configuration ${path}: ${reason}`, { cause });
  }
  return parseYaml(path, content);
}

function reasonOf({ code, message }: NodeJS.ErrnoException): string {
  if (code === "ENOENT") return "there is no such file";
  return code === "EISDIR" ? "it is a directory; name the file in it" : message;
}
