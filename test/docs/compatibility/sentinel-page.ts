/** Makes docs/sentinel-commands.md of the sentinel's command table, Redis's list, and the notes on both. Reads no file. */
import { type CommandSpec, withSubcommands } from "../../../sentinel/clients/command-spec.ts";
import {
  containerOf,
  counts,
  type Judged,
  type RedisCommands,
  rowsOf,
  spelled,
  type Verdict,
} from "./compatibility-page.ts";
import { SENTINEL_DEVIATIONS, SENTINEL_LEFT_OUT } from "./sentinel-notes.ts";

const TITLES: Readonly<Record<string, string>> = {
  sentinel: "Sentinel",
  connection: "Connection",
  pubsub: "Pub/sub",
  server: "Server",
};

const OPENING = `# Commands of a sentinel

Every command of Redis Sentinel 7.0, subcommands included, and whether a sentinel of interrex has it: **yes** (replies, errors and
options are Redis's), **differs** (it is there, and what is different is said), or **no** (and why). \`npm run docs\` makes this page of the
sentinel's command table, and a test fails when it is not up to date. Where \`redis-server\` is installed, the tests also compare
the list, arities and flags. What a data node has is in [compatibility.md](compatibility.md).

For all that tells a group's master: the answer is held while the master is being replaced, 500 ms at most.
`;

/** What there is to say of each command of Redis Sentinel. */
export function judgeSentinel(redis: RedisCommands, commands: readonly CommandSpec[]): Judged[] {
  const specs = new Map(withSubcommands(commands).map((spec) => [spec.name, spec]));
  return Object.entries(redis).flatMap(([group, names]) =>
    Object.entries(names).map(([name, since]) => ({
      group,
      name,
      since,
      verdict: verdictOn(name, specs.get(name)),
    })),
  );
}

export function sentinelPage(redis: RedisCommands, commands: readonly CommandSpec[]): string {
  const judged = judgeSentinel(redis, commands);
  const sections = Object.entries(TITLES).map(
    ([group, title]) =>
      `## ${title}\n\n${rowsOf(judged.filter((command) => command.group === group)).join("\n")}\n`,
  );
  const overview = `| commands | yes | differs | no |\n|---|---|---|---|\n| ${counts(judged)} |\n`;
  return [OPENING, overview, ...sections, additions(judged, commands)].join("\n");
}

function verdictOn(name: string, spec: CommandSpec | undefined): Verdict {
  if (spec?.leftOut !== undefined) return { kind: "leftOut", reason: name, why: spec.leftOut };
  if (spec === undefined) {
    const reason = [name, containerOf(name)].find((key) => SENTINEL_LEFT_OUT[key] !== undefined);
    return { kind: "leftOut", reason, why: SENTINEL_LEFT_OUT[reason ?? ""] ?? "" };
  }
  const how = SENTINEL_DEVIATIONS[name];
  return how === undefined ? { kind: "supported" } : { kind: "deviates", how };
}

/** Commands that Redis Sentinel 7.0 does not know. */
function additions(judged: readonly Judged[], commands: readonly CommandSpec[]): string {
  const known = new Set(judged.map(({ name }) => name));
  const added = withSubcommands(commands).filter(({ name }) => !known.has(name));
  const lines = added.map(({ name }) => `- ${spelled(name)}`).join("\n");
  return `## Beyond Redis Sentinel 7.0\n\nOf these \`SENTINEL HELP\` says more, and [operations.md](operations.md#command-line) has the commands of \`interrex\` that use them.\n\n${lines}\n`;
}
