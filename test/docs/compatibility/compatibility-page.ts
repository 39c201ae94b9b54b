/** Makes docs/compatibility.md of the command table, Redis's list of commands, and the notes on both. Reads no file. */
import type { CommandTable } from "../../../src/core/commands/command-table.ts";
import { DEVIATIONS } from "./deviations.ts";
import { GROUPS_LEFT_OUT, LEFT_OUT } from "./left-out.ts";

/** Groups of Redis's commands, each command (`container|subcommand`) with the version that brought it. */
export type RedisCommands = Readonly<Record<string, Readonly<Record<string, string>>>>;

export type Verdict =
  | { readonly kind: "supported" }
  | { readonly kind: "deviates"; readonly how: string }
  /** `reason` is the key of its reason; none when nobody has said why. */
  | { readonly kind: "leftOut"; readonly reason: string | undefined; readonly why: string };

export interface Judged {
  readonly group: string;
  readonly name: string;
  readonly since: string;
  readonly verdict: Verdict;
}

const TITLES: Readonly<Record<string, string>> = {
  string: "Strings",
  bitmap: "Bits",
  hash: "Hashes",
  list: "Lists",
  set: "Sets",
  "sorted-set": "Sorted sets",
  stream: "Streams",
  generic: "Keys",
  transactions: "Transactions",
  scripting: "Scripts and functions",
  pubsub: "Pub/sub",
  connection: "Connection",
  server: "Server",
  cluster: "Cluster",
  geo: "Geo",
  hyperloglog: "HyperLogLog",
};

const OPENING = `# Compatibility

Every command of Redis 7.0, subcommands included, and whether interrex has it: **yes** (replies, errors, arities and options are
Redis's), **differs** (it is there, and what is different is said), or **no** (and why). \`npm run docs\` makes this page of the command
table, and a test fails when it is not up to date. Where \`redis-server\` is installed, the tests also compare arities and flags, and
the replies to random commands.

For all commands alike:

- A reply waits for the copies that the group's mode asks for, and for those of the records that it has seen. When they don't come in time, a write is
  answered \`-UNCERTAIN\`, a read \`-MASTERDOWN\`.
- One value may have 128 MB, all arguments of one command or transaction 256 MB (each counted with 8 bytes more), one reply 512 MB; one command may have 8,388,608 arguments.
- There are 16 databases.
- A key expires in the year 287396 at the latest (2^53 - 1 ms): whoever sets a later time, EXPIREAT and PEXPIREAT as well as SET, gets that one.
`;

/** What there is to say of each command of Redis. */
export function judge(redis: RedisCommands, table: CommandTable): Judged[] {
  return Object.entries(redis).flatMap(([group, commands]) =>
    Object.entries(commands).map(([name, since]) => ({
      group,
      name,
      since,
      verdict: table.findByFullName(name) === undefined ? leftOut(name, group) : supported(name),
    })),
  );
}

export function compatibilityPage(redis: RedisCommands, table: CommandTable): string {
  const judged = judge(redis, table);
  const sections = Object.entries(TITLES).map(([group, title]) => {
    const rows = rowsOf(judged.filter((command) => command.group === group));
    return `## ${title}\n\n${rows.join("\n")}\n`;
  });
  return [OPENING, overview(judged), ...sections, additions(judged, table)].join("\n");
}

function supported(name: string): Verdict {
  const how = DEVIATIONS[name];
  return how === undefined ? { kind: "supported" } : { kind: "deviates", how };
}

function leftOut(name: string, group: string): Verdict {
  const known = [name, containerOf(name)].find((key) => LEFT_OUT[key] !== undefined);
  if (known !== undefined) return { kind: "leftOut", reason: known, why: LEFT_OUT[known] ?? "" };
  const why = GROUPS_LEFT_OUT[group];
  return { kind: "leftOut", reason: why === undefined ? undefined : group, why: why ?? "" };
}

export function containerOf(name: string): string {
  return name.split("|")[0] ?? "";
}

/** A table of them, line by line. */
export function rowsOf(judged: readonly Judged[]): string[] {
  return ["| command | since | here | |", "|---|---|---|---|", ...judged.map(row)];
}

function row({ name, since, verdict }: Judged): string {
  return `| ${spelled(name)} | ${since} | ${wordOf(verdict)} |`;
}

function wordOf(verdict: Verdict): string {
  switch (verdict.kind) {
    case "supported":
      return "yes | ";
    case "deviates":
      return `differs | ${verdict.how}`;
    default:
      return `no | ${verdict.why}`;
  }
}

/** A bar would end the cell. */
export function spelled(name: string): string {
  return name.toUpperCase().replace("|", " ");
}

function overview(judged: readonly Judged[]): string {
  const rows = Object.entries(TITLES).map(([group, title]) => {
    const inGroup = judged.filter((command) => command.group === group);
    return `| [${title}](#${anchorOf(title)}) | ${counts(inGroup)} |`;
  });
  const head = "| group | commands | yes | differs | no |\n|---|---|---|---|---|";
  return `${head}\n${rows.join("\n")}\n| all | ${counts(judged)} |\n`;
}

export function counts(judged: readonly Judged[]): string {
  const count = (kind: Verdict["kind"]): number =>
    judged.filter(({ verdict }) => verdict.kind === kind).length;
  return [judged.length, count("supported"), count("deviates"), count("leftOut")].join(" | ");
}

function anchorOf(title: string): string {
  return title.toLowerCase().replaceAll("/", "").replaceAll(" ", "-");
}

/** Commands that Redis 7.0 does not know. */
function additions(judged: readonly Judged[], table: CommandTable): string {
  const known = new Set(judged.map(({ name }) => name));
  const added = table.commands
    .flatMap((command) => [command, ...(command.subcommands?.values() ?? [])])
    .map(({ fullName }) => fullName)
    .filter((name) => !known.has(name));
  return `## Beyond Redis 7.0\n\n${added.map((name) => `- ${spelled(name)}`).join("\n")}\n`;
}
