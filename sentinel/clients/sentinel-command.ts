/** SENTINEL and its subcommands. Masters are told from standing records only; what changes anything is the core's. */
import { array, bulk, integer, map, nilArray, OK, simple } from "../../src/protocol/resp/reply.ts";
import type { GroupView } from "../core/view.ts";
import type { Answer, CommandContext, SentinelWorld } from "./answer.ts";
import { fail, reply } from "./answer.ts";
import { type CommandSpec, leftOut } from "./command-spec.ts";
import { CONFIG_SET_REFUSED, CONFIG_USAGE, NOT_A_NUMBER, NOTHING_KEPT } from "./error-texts.ts";
import { globMatches } from "./glob.ts";
import { groupNamed, nameGiven, standingGroups, withGroup, withStandingGroup } from "./groups.ts";
import { infoCache } from "./info-cache.ts";
import {
  hasAddress,
  type InstanceFields,
  isMasterSdown,
  masterFields,
  otherSentinels,
  replicaFields,
  replicasOf,
  sentinelFields,
  standingGroup,
} from "./instance-fields.ts";
import { adopt, failover, pause, recover, reset, resume, switchover } from "./operator-commands.ts";
import { bulkJson, bulkText, wireText } from "./wire-text.ts";

const FLAGS = ["admin"];
const IN_FILE =
  "sentinels, groups and members are set in sentinel.yaml; change it there and restart this sentinel";

const theNamedGroup = ({ argv, world }: CommandContext): readonly string[] => {
  const name = nameGiven(world, argv[2]);
  return name === undefined ? [] : [name];
};
const allGroups = ({ world }: CommandContext): readonly string[] => world.groups();

export const SENTINEL_SUBCOMMANDS: readonly CommandSpec[] = [
  { name: "sentinel|masters", arity: 2, flags: FLAGS, tellsMasterOf: allGroups, run: masters },
  { name: "sentinel|master", arity: 3, flags: FLAGS, tellsMasterOf: theNamedGroup, run: master },
  { name: "sentinel|replicas", arity: 3, flags: FLAGS, tellsMasterOf: theNamedGroup, run: replicas },
  { name: "sentinel|slaves", arity: 3, flags: FLAGS, tellsMasterOf: theNamedGroup, run: replicas },
  { name: "sentinel|sentinels", arity: 3, flags: FLAGS, tellsMasterOf: theNamedGroup, run: sentinels },
  {
    name: "sentinel|get-master-addr-by-name",
    arity: 3,
    flags: FLAGS,
    tellsMasterOf: theNamedGroup,
    run: masterAddress,
  },
  { name: "sentinel|is-master-down-by-addr", arity: 6, flags: FLAGS, run: isMasterDown },
  { name: "sentinel|ckquorum", arity: 3, flags: FLAGS, run: checkQuorum },
  { name: "sentinel|failover", arity: 3, flags: FLAGS, run: failover },
  { name: "sentinel|myid", arity: 2, flags: FLAGS, run: ({ world }) => reply(bulkText(world.facts.id)) },
  { name: "sentinel|pending-scripts", arity: 2, flags: FLAGS, run: () => reply(array([])) },
  { name: "sentinel|info-cache", arity: -3, flags: FLAGS, run: infoCache },
  { name: "sentinel|reset", arity: 3, flags: FLAGS, run: reset },
  { name: "sentinel|config", arity: -3, flags: FLAGS, run: config },
  { name: "sentinel|flushconfig", arity: 2, flags: FLAGS, run: flushConfig },
  leftOut("sentinel|set", -5, IN_FILE),
  leftOut("sentinel|monitor", 6, IN_FILE),
  leftOut("sentinel|remove", 3, IN_FILE),
  leftOut("sentinel|debug", -2, "times follow from sentinel.yaml, and none can be changed at run time"),
  leftOut("sentinel|simulate-failure", -3, "end the process instead, or let `interrex chaos` do it"),
  { name: "sentinel|status", arity: 3, flags: FLAGS, run: status },
  { name: "sentinel|history", arity: 3, flags: FLAGS, run: history },
  { name: "sentinel|switchover", arity: -3, flags: FLAGS, run: switchover },
  { name: "sentinel|pause", arity: 3, flags: FLAGS, run: pause },
  { name: "sentinel|resume", arity: 3, flags: FLAGS, run: resume },
  { name: "sentinel|adopt", arity: 4, flags: FLAGS, run: adopt },
  { name: "sentinel|recover", arity: -4, flags: FLAGS, run: recover },
];

function masters(context: CommandContext): Answer {
  const items = standingGroups(context.world).map((group) =>
    encodeFields(masterFields(group, aboutUs(context.world, group.view)), context),
  );
  return reply(array(items));
}

function master(context: CommandContext): Answer {
  return withStandingGroup(context, (group) =>
    reply(encodeFields(masterFields(group, aboutUs(context.world, group.view)), context)),
  );
}

function replicas(context: CommandContext): Answer {
  return withStandingGroup(context, (group) =>
    reply(array(replicasOf(group).map((replica) => encodeFields(replicaFields(group, replica), context)))),
  );
}

/** Known before anybody rules: a client may use it to find a sentinel that knows more. */
function sentinels(context: CommandContext): Answer {
  return withGroup(context, (view) => {
    // One whose address nobody has told yet is of no use to a client; node-redis would dial it all the same.
    const others = otherSentinels(view, context.world.facts.id).filter(hasAddress);
    return reply(array(others.map((peer) => encodeFields(sentinelFields(view, peer), context))));
  });
}

function masterAddress({ argv, session, world }: CommandContext): Answer {
  const group = standingGroup(groupNamed(world, argv[2]));
  if (group === undefined) return reply(nilArray(session.protocol));
  const { host, port } = group.master.client;
  return reply(array([bulkText(host), bulkText(port)]));
}

/** Tells our opinion, never a vote: sentinels of ours vote over their own links. */
function isMasterDown({ argv, world }: CommandContext): Answer {
  const [, , host, port, epoch] = argv;
  if (!isInteger(port) || !isInteger(epoch)) return fail(NOT_A_NUMBER);
  const group = standingGroups(world).find(
    ({ master: { client } }) => wireText(client.host) === host && client.port === Number(port),
  );
  const down = group !== undefined && isMasterSdown(group);
  return reply(array([integer(down ? 1 : 0), bulk("*"), integer(0)]));
}

/** Beyond Redis's two checks it says when no member could be promoted, and why, member by member. */
function checkQuorum(context: CommandContext): Answer {
  return withGroup(context, (view) => {
    const others = otherSentinels(view, context.world.facts.id);
    const usable = 1 + others.filter((peer) => !peer.sdown).length;
    const majority = Math.floor((others.length + 1) / 2) + 1;
    const lacks = [
      ...(usable < view.quorum
        ? ["Not enough available Sentinels to reach the specified quorum for this master"]
        : []),
      ...(usable < majority
        ? ["Not enough available Sentinels to reach the majority and authorize a failover"]
        : []),
    ];
    if (lacks.length > 0) return fail(`NOQUORUM ${usable} usable Sentinels. ${lacks.join(". ")}`);
    if (view.obstacles.length > 0) {
      return fail(wireText(`NOGOODSLAVE ${usable} usable Sentinels, but: ${view.obstacles.join("; ")}`));
    }
    return reply(simple(`OK ${usable} usable Sentinels. Quorum and failover authorization can be reached`));
  });
}

function config({ argv, session, world }: CommandContext): Answer {
  const action = argv[2]?.toLowerCase();
  if (action === "set" && argv.length === 5) return fail(CONFIG_SET_REFUSED);
  if (action !== "get" || argv.length !== 4) return fail(CONFIG_USAGE);
  const pattern = (argv[3] ?? "").toLowerCase();
  const options: readonly (readonly [string, string])[] = [
    // Addresses are passed on as they were announced, names as names: nothing is ever resolved here.
    ["resolve-hostnames", "yes"],
    ["announce-hostnames", "yes"],
    ["announce-ip", world.facts.announceHost],
    ["announce-port", String(world.facts.clientPort)],
  ];
  const fitting = options.filter(([name]) => globMatches(pattern, name));
  return reply(
    map(
      fitting.map(([name, value]) => [name, bulkText(value)]),
      session.protocol,
    ),
  );
}

/** What Redis would write now has been on the disk since before it took effect. */
function flushConfig({ world }: CommandContext): Answer {
  return world.facts.keepsState ? reply(OK) : fail(NOTHING_KEPT);
}

function status(context: CommandContext): Answer {
  return withGroup(context, (view) => reply(bulkJson(view)));
}

function history(context: CommandContext): Answer {
  return withGroup(context, (view) => reply(bulkJson(view.history)));
}

function encodeFields(fields: InstanceFields, { session }: CommandContext): string {
  return map(
    fields.map(([name, value]) => [name, bulkText(value)]),
    session.protocol,
  );
}

function aboutUs(world: SentinelWorld, view: GroupView): { self: string; failoverTimeoutMs: number } {
  return { self: world.facts.id, failoverTimeoutMs: world.facts.failoverTimeoutMs(view.name) };
}

function isInteger(text: string | undefined): boolean {
  return text !== undefined && /^-?\d{1,18}$/.test(text);
}
