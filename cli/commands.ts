/**
 * The table of subcommands. Each is loaded only when asked for: a data node need not load a test harness, nor
 * `interrex status` a database.
 */
import type { Command } from "commander";
import type { Terminal } from "./terminal.ts";

type RegisterCommand = (program: Command, terminal: Terminal) => void;

export interface CommandEntry {
  readonly name: string;
  /** Heading in the help. */
  readonly group: string;
  readonly load: () => Promise<RegisterCommand>;
}

/** In the order of the help. */
export const COMMANDS: readonly CommandEntry[] = [
  { name: "up", group: "Run:", load: async () => (await import("./commands/up.ts")).registerUpCommand },
  { name: "node", group: "Run:", load: async () => (await import("./commands/node.ts")).registerNodeCommand },
  {
    name: "sentinel",
    group: "Run:",
    load: async () => (await import("./commands/sentinel.ts")).registerSentinelCommand,
  },
  {
    name: "status",
    group: "Look:",
    load: async () => (await import("./commands/status.ts")).registerStatusCommand,
  },
  {
    name: "master",
    group: "Look:",
    load: async () => (await import("./commands/master.ts")).registerMasterCommand,
  },
  {
    name: "history",
    group: "Look:",
    load: async () => (await import("./commands/history.ts")).registerHistoryCommand,
  },
  {
    name: "switchover",
    group: "Operate:",
    load: async () => (await import("./commands/switchover.ts")).registerSwitchoverCommand,
  },
  {
    name: "failover",
    group: "Operate:",
    load: async () => (await import("./commands/failover.ts")).registerFailoverCommand,
  },
  {
    name: "pause",
    group: "Operate:",
    load: async () => (await import("./commands/pause.ts")).registerPauseCommand,
  },
  {
    name: "resume",
    group: "Operate:",
    load: async () => (await import("./commands/resume.ts")).registerResumeCommand,
  },
  {
    name: "adopt",
    group: "Operate:",
    load: async () => (await import("./commands/adopt.ts")).registerAdoptCommand,
  },
  {
    name: "recover",
    group: "Operate:",
    load: async () => (await import("./commands/recover.ts")).registerRecoverCommand,
  },
  {
    name: "import",
    group: "Operate:",
    load: async () => (await import("./commands/import.ts")).registerImportCommand,
  },
  {
    name: "chaos",
    group: "Test:",
    load: async () => (await import("./commands/chaos.ts")).registerChaosCommand,
  },
];
