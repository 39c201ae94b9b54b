/** A sentinel's views as Prometheus text and as the body of /health. Pure: counts nothing itself. */
import type { GroupView, MemberView } from "./core/view.ts";

export interface MetricsSource {
  readonly id: string;
  readonly clients: number;
  readonly views: readonly GroupView[];
  /** `+switch-master` events since the start, by group. */
  readonly switches: ReadonlyMap<string, number>;
}

type Labels = Readonly<Record<string, string>>;
type Sample = readonly [labels: Labels, value: number | boolean];

export function prometheusText(source: MetricsSource): string {
  const { views } = source;
  const perGroup = (value: (view: GroupView) => number | boolean): Sample[] =>
    views.map((view) => [{ group: view.name }, value(view)]);
  const perMember = (value: (member: MemberView) => number | boolean): Sample[] =>
    views.flatMap((view) =>
      membersOf(view).map((member): Sample => [{ group: view.name, member: member.id }, value(member)]),
    );
  return [
    family("clients", "gauge", "Redis clients connected.", [[{}, source.clients]]),
    family("switches_total", "counter", "Switches of the master since the start.", [
      ...perGroup((view) => source.switches.get(view.name) ?? 0),
    ]),
    family(
      "epoch",
      "gauge",
      "Epoch of the standing record.",
      perGroup((view) => view.standing?.number.epoch ?? 0),
    ),
    family(
      "voted_epoch",
      "gauge",
      "Highest epoch that this sentinel has voted in.",
      perGroup((view) => view.votedEpoch),
    ),
    family(
      "master",
      "gauge",
      "1 for the member that the standing record names as master.",
      perMember(() => false).map(([labels]) => [labels, isMaster(views, labels)]),
    ),
    family(
      "odown",
      "gauge",
      "1 while a quorum holds the master down.",
      perGroup((view) => view.odown),
    ),
    family(
      "failover_in_progress",
      "gauge",
      "1 while this sentinel leads a failover.",
      perGroup((view) => view.failover !== null),
    ),
    family(
      "paused",
      "gauge",
      "1 during maintenance.",
      perGroup((view) => view.standing?.paused === true),
    ),
    family(
      "obstacles",
      "gauge",
      "Reasons why there would be no failover if the master failed now; SENTINEL CKQUORUM names them.",
      perGroup((view) => view.obstacles.length),
    ),
    family(
      "member_sdown",
      "gauge",
      "1 while this sentinel holds the member down.",
      perMember((member) => member.sdown),
    ),
    family(
      "member_link_up",
      "gauge",
      "1 while there is a link to the member.",
      perMember((member) => member.linkUp),
    ),
    family(
      "member_admitted",
      "gauge",
      "1 while the member's incarnation counts in W and R.",
      perMember((member) => member.admitted),
    ),
    family(
      "member_offset",
      "gauge",
      "Last offset in the member's log, by its own word.",
      perMember((member) => member.status?.position.offset ?? 0),
    ),
    family(
      "sentinel_sdown",
      "gauge",
      "1 while this sentinel holds the other one down.",
      views.flatMap((view) =>
        view.sentinels
          .filter((peer) => peer.id !== source.id)
          .map((peer): Sample => [{ group: view.name, sentinel: peer.id }, peer.sdown]),
      ),
    ),
  ].join("");
}

/** What /health tells. A sentinel that runs is healthy: restarting it because a master is down would only do harm. */
export function healthBody(id: string, views: readonly GroupView[]): object {
  return {
    id,
    groups: views.map((view) => ({
      name: view.name,
      master: view.standing?.master ?? null,
      epoch: view.standing?.number.epoch ?? 0,
      odown: view.odown,
      paused: view.standing?.paused ?? false,
      obstacles: view.obstacles,
    })),
  };
}

function membersOf(view: GroupView): MemberView[] {
  return view.master === null ? [...view.replicas] : [view.master, ...view.replicas];
}

function isMaster(views: readonly GroupView[], labels: Labels): boolean {
  return views.some((view) => view.name === labels.group && view.standing?.master === labels.member);
}

function family(name: string, type: "gauge" | "counter", help: string, samples: readonly Sample[]): string {
  const full = `interrex_sentinel_${name}`;
  const lines = samples.map(([labels, value]) => `${full}${labelText(labels)} ${Number(value)}\n`);
  return `# HELP ${full} ${help}\n# TYPE ${full} ${type}\n${lines.join("")}`;
}

function labelText(labels: Labels): string {
  const pairs = Object.entries(labels).map(([name, value]) => `${name}="${escapeLabel(value)}"`);
  return pairs.length === 0 ? "" : `{${pairs.join(",")}}`;
}

function escapeLabel(value: string): string {
  return value.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("\n", "\\n");
}
