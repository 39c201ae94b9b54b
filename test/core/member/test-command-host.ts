/** What commands are told of the node around them, where a test plays the node. */
import { OFFSET_ZERO } from "../../../src/base/ids.ts";
import { SeededRandomness } from "../../../src/base/randomness.ts";
import type { CommandHost } from "../../../src/core/commands/host.ts";
import type { Member } from "../../../src/core/member.ts";

export function hostOf(member: () => Member | undefined): CommandHost {
  return {
    random: new SeededRandomness(1),
    parameters: { names: () => [], get: () => undefined, set: () => undefined },
    passwordRequired: false,
    redisVersion: "7.0.15",
    refuse: (command, session, _argv, flags) => member()?.desk.refuse(command, session, flags),
    stopwatchMs: () => 0,
    authenticate: () => false,
    // As far as WAIT looks at it.
    describeReplication: () => ({
      ...{ role: "master", replicas: [], replicationId: "0".repeat(40), offset: OFFSET_ZERO, extra: [] },
    }),
    info: () => [],
    clientsMax: () => 100,
    traffic: () => ({ receivedBytes: 0, writtenBytes: 0 }),
    resetStatistics: () => {},
    replicasThatHold: () => 0,
    closeSession: () => {},
    pauseClients: (kind, durationMs) => member()?.desk.pause(kind, durationMs),
    unpauseClients: () => member()?.desk.unpause(),
    buffersOf: () => undefined,
    unblock: (session, how) => member()?.desk.unblock(session, how) ?? false,
    logScript: () => {},
    stall: () => {},
    snapshot: () => member()?.wantSnapshot(),
    lastSnapshotSec: () => 0,
    shutdown: () => {},
  };
}
