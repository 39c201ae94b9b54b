/**
 * SENTINEL FAILOVER and our own SWITCHOVER, PAUSE, RESUME, ADOPT and RECOVER: parsed here, decided by the core.
 * RECOVER may cost acknowledged writes, so it refuses to be read from anything less than its full words.
 */
import type { MemberId } from "../../src/base/ids.ts";
import { error, integer, OK } from "../../src/protocol/resp/reply.ts";
import type { OperatorCommand } from "../core/sentinel-input.ts";
import type { GroupView } from "../core/view.ts";
import type { Answer, CommandContext, OperatorOutcome } from "./answer.ts";
import { fail } from "./answer.ts";
import { SYNTAX_ERROR } from "./error-texts.ts";
import { globMatches } from "./glob.ts";
import { withGroup } from "./groups.ts";
import { bulkText, wireText } from "./wire-text.ts";

export function failover(context: CommandContext): Answer {
  return withGroup(context, (view) => ask(view, { type: "failover", group: view.name }, encodeFailover));
}

export function switchover(context: CommandContext): Answer {
  return withGroup(context, (view) => {
    const { argv } = context;
    if (argv.length === 3) return ask(view, { type: "switchover", group: view.name });
    if (argv.length !== 5 || argv[3]?.toLowerCase() !== "to") return fail(SYNTAX_ERROR);
    return withMember(view, argv[4] ?? "", (to) => ask(view, { type: "switchover", group: view.name, to }));
  });
}

export function pause(context: CommandContext): Answer {
  return withGroup(context, (view) => ask(view, { type: "pause", group: view.name }));
}

export function resume(context: CommandContext): Answer {
  return withGroup(context, (view) => ask(view, { type: "resume", group: view.name }));
}

export function adopt(context: CommandContext): Answer {
  return withGroup(context, (view) =>
    withMember(view, context.argv[3] ?? "", (memberId) =>
      ask(view, { type: "adopt", group: view.name, memberId }),
    ),
  );
}

export function recover(context: CommandContext): Answer {
  return withGroup(context, (view) => {
    if (context.argv[4]?.toLowerCase() !== "accept-loss") {
      return fail(
        "ERR RECOVER may lose acknowledged writes; say so: SENTINEL RECOVER <group> <member-id> ACCEPT-LOSS",
      );
    }
    return withMember(view, context.argv[3] ?? "", (memberId) =>
      ask(view, { type: "recover", group: view.name, acceptLoss: true, memberId }),
    );
  });
}

/** Redis forgets here what it has discovered; we discover no members, so only opinions are begun afresh. */
export function reset({ argv, world }: CommandContext): Answer {
  const pattern = argv[2] ?? "";
  const groups = world.groups().filter((name) => globMatches(pattern, wireText(name)));
  const commands = groups.map((group) => ({ type: "reset", group }) as const);
  return { kind: "inform", commands, text: integer(commands.length) };
}

function ask(view: GroupView, command: OperatorCommand, encode = encodeOutcome): Answer {
  return { kind: "operator", group: view.name, command, encode };
}

/** A name that nobody has is refused here, with the names that there are. */
function withMember(view: GroupView, given: string, run: (id: MemberId) => Answer): Answer {
  const members = [...(view.master === null ? [] : [view.master]), ...view.replicas];
  const member = members.find(({ id }) => wireText(id) === given);
  if (member !== undefined) return run(member.id);
  const known = members.map(({ id }) => id).join(", ");
  return fail(wireText(`ERR No member '${given}' in ${view.name}; its members are ${known}`));
}

function encodeOutcome({ ok, text, code }: OperatorOutcome): string {
  return ok ? bulkText(text === "" ? "OK" : text) : error(wireText(`${code ?? "ERR"} ${text}`));
}

/** What Redis answers, so that tools which compare with `OK` go on working. */
function encodeFailover(outcome: OperatorOutcome): string {
  return outcome.ok ? OK : encodeOutcome(outcome);
}
