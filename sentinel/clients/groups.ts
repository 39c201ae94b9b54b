/** Finds the group that a command names, or says in Redis's words that there is none. */
import type { GroupView } from "../core/view.ts";
import type { Answer, CommandContext, SentinelWorld } from "./answer.ts";
import { fail } from "./answer.ts";
import { NO_SUCH_MASTER } from "./error-texts.ts";
import { type StandingGroup, standingGroup } from "./instance-fields.ts";
import { wireText } from "./wire-text.ts";

/** The name of the configured group that is called so in wire text. */
export function nameGiven(world: SentinelWorld, given: string | undefined): string | undefined {
  return world.groups().find((configured) => wireText(configured) === given);
}

/** The configured group of that name, given as wire text. */
export function groupNamed(world: SentinelWorld, given: string | undefined): GroupView | undefined {
  const name = nameGiven(world, given);
  return name === undefined ? undefined : world.view(name);
}

/** For what concerns a group as it is configured, ruled by someone or not. */
export function withGroup({ argv, world }: CommandContext, run: (view: GroupView) => Answer): Answer {
  const view = groupNamed(world, argv[2]);
  return view === undefined ? fail(NO_SUCH_MASTER) : run(view);
}

/** For what clients build on: a group without a standing master is unknown to them, so they ask another sentinel. */
export function withStandingGroup(
  { argv, world }: CommandContext,
  run: (group: StandingGroup) => Answer,
): Answer {
  const group = standingGroup(groupNamed(world, argv[2]));
  return group === undefined ? fail(NO_SUCH_MASTER) : run(group);
}

export function standingGroups(world: SentinelWorld): StandingGroup[] {
  return world.groups().flatMap((name) => standingGroup(world.view(name)) ?? []);
}
