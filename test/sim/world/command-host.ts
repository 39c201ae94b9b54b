/** What commands may ask of a simulated node. Only the gate, the role and randomness matter here; the rest is never asked. */
import { OFFSET_ZERO } from "../../../src/base/ids.ts";
import type { Randomness } from "../../../src/base/randomness.ts";
import type { CommandHost } from "../../../src/core/commands/host.ts";
import type { Member } from "../../../src/core/member.ts";

export function simCommandHost(member: () => Member | null, random: Randomness): CommandHost {
  return {
    random,
    parameters: { names: () => [], get: () => undefined, set: () => undefined },
    passwordRequired: false,
    redisVersion: "7.0.15",
    refuse: (command, session, _argv, flags) => member()?.desk.refuse(command, session, flags),
    stopwatchMs: () => 0,
    authenticate: () => false,
    describeReplication: () => {
      const status = member()?.status();
      const common = {
        replicationId: "0".repeat(40),
        offset: status?.position.offset ?? OFFSET_ZERO,
        extra: [],
      };
      if (status?.role === "master") return { ...common, role: "master", replicas: [] };
      const master = { masterHost: "", masterPort: 0, secondsSinceMasterSpoke: 0, priority: 100 };
      return { ...common, ...master, role: "replica", link: "connect" };
    },
    info: () => [],
    clientsMax: () => 100,
    traffic: () => ({ receivedBytes: 0, writtenBytes: 0 }),
    resetStatistics: () => {},
    replicasThatHold: () => 0,
    closeSession: () => {},
    pauseClients: (kind, durationMs) => member()?.desk.pause(kind, durationMs),
    unpauseClients: () => member()?.desk.unpause(),
    buffersOf: () => undefined,
    unblock: () => false,
    logScript: () => {},
    stall: () => {},
    snapshot: () => member()?.wantSnapshot(),
    lastSnapshotSec: () => 0,
    shutdown: () => {},
  };
}
