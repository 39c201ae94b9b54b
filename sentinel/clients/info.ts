/** INFO of a sentinel: Redis's sections in its order, the fields that tools read. What has no meaning here is left out rather than made up. */
import type { Answer, CommandContext } from "./answer.ts";
import { reply } from "./answer.ts";
import {
  isMasterOdown,
  isMasterSdown,
  otherSentinels,
  replicasOf,
  standingGroup,
} from "./instance-fields.ts";
import { REDIS_VERSION } from "./redis-version.ts";
import { bulkText } from "./wire-text.ts";

const SECTIONS = {
  server: serverSection,
  clients: clientsSection,
  stats: statsSection,
  cpu: cpuSection,
  sentinel: sentinelSection,
};
const ALL_SECTIONS = ["default", "all", "everything"];

export function info(context: CommandContext): Answer {
  const asked = context.argv.slice(1).map((section) => section.toLowerCase());
  const everything = asked.length === 0 || asked.some((section) => ALL_SECTIONS.includes(section));
  const sections: string[] = [];
  for (const [name, render] of Object.entries(SECTIONS)) {
    if (everything || asked.includes(name)) sections.push(`${render(context).join("\r\n")}\r\n`);
  }
  return reply(bulkText(sections.join("\r\n")));
}

function serverSection({ world, nowMs }: CommandContext): string[] {
  const { facts } = world;
  const uptimeSeconds = Math.floor((nowMs - facts.startedAtMonoMs) / 1000);
  return [
    "# Server",
    `redis_version:${REDIS_VERSION}`,
    "redis_mode:sentinel",
    "server_name:interrex",
    `os:${facts.operatingSystem}`,
    `node_version:${facts.nodeVersion}`,
    `process_id:${facts.processId}`,
    `run_id:${facts.startId}`,
    `sentinel_id:${facts.id}`,
    `tcp_port:${facts.clientPort}`,
    `uptime_in_seconds:${uptimeSeconds}`,
    `uptime_in_days:${Math.floor(uptimeSeconds / 86_400)}`,
  ];
}

function clientsSection({ sessions }: CommandContext): string[] {
  return ["# Clients", `connected_clients:${sessions.size}`, "blocked_clients:0"];
}

function statsSection({ counts, sessions, world }: CommandContext): string[] {
  const { connectionsReceived, connectionsRejected, receivedBytes, writtenBytes } = world.usage();
  const channels = new Set<string>();
  const patterns = new Set<string>();
  for (const session of sessions.values()) {
    for (const channel of session.channels) channels.add(channel);
    for (const pattern of session.patterns) patterns.add(pattern);
  }
  return [
    "# Stats",
    `total_connections_received:${connectionsReceived}`,
    `total_commands_processed:${counts.run}`,
    `total_net_input_bytes:${receivedBytes}`,
    `total_net_output_bytes:${writtenBytes}`,
    `rejected_connections:${connectionsRejected}`,
    `pubsub_channels:${channels.size}`,
    `pubsub_patterns:${patterns.size}`,
    `total_error_replies:${counts.errorReplies}`,
  ];
}

function cpuSection({ world }: CommandContext): string[] {
  const { cpuSystemMicros, cpuUserMicros } = world.usage();
  return [
    "# CPU",
    `used_cpu_sys:${(cpuSystemMicros / 1e6).toFixed(6)}`,
    `used_cpu_user:${(cpuUserMicros / 1e6).toFixed(6)}`,
  ];
}

function sentinelSection({ world }: CommandContext): string[] {
  const masters = world.groups().flatMap((name) => standingGroup(world.view(name)) ?? []);
  return [
    "# Sentinel",
    `sentinel_masters:${masters.length}`,
    "sentinel_tilt:0",
    "sentinel_tilt_since_seconds:-1",
    "sentinel_running_scripts:0",
    "sentinel_scripts_queue_length:0",
    "sentinel_simulate_failure_flags:0",
    ...masters.map((group, index) => {
      const status = isMasterOdown(group) ? "odown" : isMasterSdown(group) ? "sdown" : "ok";
      const { host, port } = group.master.client;
      const sentinels = otherSentinels(group.view, world.facts.id).length + 1;
      return `master${index}:name=${group.record.name},status=${status},address=${host}:${port},slaves=${replicasOf(group).length},sentinels=${sentinels}`;
    }),
  ];
}
