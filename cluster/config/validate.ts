/**
 * Checks a configuration (a file, flags above it) against its schema, and says in one line what is wrong,
 * where, and what it should be. Refuses what it does not know: a mistyped key must not pass for a default.
 */
import { z } from "zod";
import { InterrexError } from "../../src/base/errors.ts";
import { shownText, shownValue } from "./shown.ts";
import { suggest } from "./suggest.ts";
import type { ValuePath, YamlSource } from "./yaml-source.ts";

export interface ConfigInput {
  /** `null` when everything comes from flags. */
  readonly file: YamlSource | null;
  /** Top-level values given as flags; each wins over the file's. */
  readonly flags: Readonly<Record<string, unknown>>;
  /** Whoever gave them knows no flags, but options of a call. */
  readonly asOptions?: boolean;
  /** Who gives a file to the wrong command is told the right one. */
  readonly other?: { readonly schema: z.ZodType; readonly command: string };
}

/** @throws InterrexError `BAD_CONFIG`, one line: `config/n1.yaml:4: port must be ... (got "abc")`. */
export function validate<Output>(schema: z.ZodType<Output>, input: ConfigInput): Output {
  const value = merge(input);
  const result = schema.safeParse(value, { reportInput: true });
  if (result.success) return result.data;
  const { issues } = result.error;
  const [first] = issues;
  // A key that nobody knows may be why another one is missing.
  const isMissing = first !== undefined && first.code !== "unrecognized_keys" && first.input === undefined;
  const issue =
    issues.find((one) => otherKeyOf(one, input) !== undefined) ??
    issues.find((one) => isMissing && one.code === "unrecognized_keys") ??
    first;
  const more = issues.length - 1;
  const tail = more === 0 ? "" : ` (and ${more} more)`;
  throw new InterrexError("BAD_CONFIG", `${issue === undefined ? "" : explain(issue, input, schema)}${tail}`);
}

function merge({ file, flags }: ConfigInput): unknown {
  if (file === null) return flags;
  // An empty file is an empty configuration; anything else but keys and values is for the schema to refuse.
  const base = file.value ?? {};
  if (typeof base !== "object" || Array.isArray(base)) return base;
  return { ...base, ...flags };
}

/** A top-level key of the file that only the other kind of process knows. */
function otherKeyOf(issue: z.core.$ZodIssue, { other, flags }: ConfigInput): string | undefined {
  if (other === undefined || issue.code !== "unrecognized_keys" || issue.path.length > 0) return undefined;
  const known = keysAt(other.schema, []);
  return issue.keys.find((key) => known.includes(key) && !Object.hasOwn(flags, key));
}

function explain(issue: z.core.$ZodIssue, input: ConfigInput, schema: z.ZodType): string {
  if (issue.code === "unrecognized_keys") {
    const otherKey = otherKeyOf(issue, input);
    if (otherKey !== undefined) {
      const hint = `start a file of that kind with \`${input.other?.command}\`, or remove the key`;
      return `${place([otherKey], input)}"${otherKey}" is a key of ${input.other?.command.split(" ")[1]}.yaml; ${hint}`;
    }
    const key = issue.keys[0] ?? "";
    const near = suggest(key, keysAt(schema, issue.path));
    const hint = near === undefined ? "remove it" : `did you mean "${near}"?`;
    const parent = pathText(issue.path);
    return `${place([...issue.path, key], input)}unknown key "${shownText(key)}"${parent === "" ? "" : ` in ${parent}`}; ${hint}`;
  }
  const where = pathText(issue.path) || "the configuration";
  const got = issue.input === undefined ? "it is missing" : `got ${shownValue(issue.input)}`;
  const detail = issue.code === "custom" ? "" : ` (${got})`;
  return `${place(issue.path, input)}${nameOf(issue.path, where, input)} ${withNames(issue.message, input)}${detail}`;
}

/** A message names another top-level key as `{key}`: shown as whoever reads it would write it, key or flag. */
function withNames(message: string, input: ConfigInput): string {
  return message.replace(/\{(\w+)\}/g, (_, key: string) => nameOf([key], key, input));
}

function fromFlag(path: ValuePath, { flags }: ConfigInput): boolean {
  return path[0] !== undefined && Object.hasOwn(flags, path[0]);
}

function place(path: ValuePath, input: ConfigInput): string {
  if (input.file === null || fromFlag(path, input)) return "";
  return `${input.file.name}:${input.file.lineOf(path)}: `;
}

function nameOf(path: ValuePath, fallback: string, input: ConfigInput): string {
  if (path.length === 0 || (input.file !== null && !fromFlag(path, input))) return fallback;
  return input.asOptions === true ? optionNameOf(path) : flagNameOf(path);
}

/** What is said once for the whole cluster has no path there: `groups[0].downAfterMs` is `downAfterMs`, `groups[0].nodes[1].zone` is `nodes[1].zone`. */
function optionNameOf(path: ValuePath): string {
  const own = path[0] === "groups" ? path.slice(2) : path;
  if (own[0] === "name") return "group";
  if (own[0] === "replication") return own[1] === "copies" ? "copies" : "replication";
  return pathText(own);
}

/** Flags that say as much as several keys, or have a name of their own. */
const FLAG_NAMES: Readonly<Record<string, string>> = {
  groups: "nodes",
  name: "group",
  mode: "replication",
  static: "replicaof",
  voting: "observer",
};

/** What one flag says as a whole, whatever is wrong inside of it. */
const WHOLE_FLAGS = ["nodes", "sentinels", "static"];

/** Flags are named after the innermost key, without its unit: `groups[0].downAfterMs` is `--down-after`. */
function flagNameOf(path: ValuePath): string {
  const keys = path.filter((step) => typeof step === "string");
  const key = keys.find((one) => WHOLE_FLAGS.includes(one)) ?? keys.at(-1) ?? "";
  const kebab = key.replace(/Ms$/, "").replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
  return `--${FLAG_NAMES[kebab] ?? kebab}`;
}

/** `groups[0].nodes[1].url`. */
function pathText(path: ValuePath): string {
  return path.reduce<string>((text, step) => {
    if (typeof step === "number") return `${text}[${step}]`;
    return text === "" ? String(step) : `${text}.${String(step)}`;
  }, "");
}

/** The keys that the schema knows at `path`. */
function keysAt(schema: z.ZodType, path: ValuePath): string[] {
  let current: unknown = schema;
  for (const step of path) current = childSchema(bare(current), step);
  const object = bare(current);
  return object instanceof z.ZodObject ? Object.keys(object.shape) : [];
}

function childSchema(schema: unknown, step: PropertyKey): unknown {
  if (schema instanceof z.ZodArray) return schema.element;
  if (schema instanceof z.ZodObject) return (schema.shape as Record<PropertyKey, unknown>)[step];
  return undefined;
}

/** Without its defaults and optionality. */
function bare(schema: unknown): unknown {
  let current = schema;
  while (
    current instanceof z.ZodDefault ||
    current instanceof z.ZodOptional ||
    current instanceof z.ZodNullable ||
    current instanceof z.ZodPrefault
  ) {
    current = current.unwrap();
  }
  return current;
}
