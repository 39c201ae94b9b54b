/**
 * Meetings of faults that the swarm seldom draws, written by hand: each is what one rule is there for. Without a rule
 * made wrong they break nothing, but for those that say so.
 */
import { GROUP } from "../world/sim-node.ts";
import type { Stage } from "./stage.ts";

const BEGIN_MS = 1500;

/** Its only other holder is wiped while the master dies: what they had between them is with neither survivor. */
export function wipedBesideDeadMaster(stage: Stage): void {
  stage.at(BEGIN_MS, () => {
    const [master, one, other] = stage.cast();
    const heal = stage.cut([master], [other]);
    stage.after(300, () => {
      stage.wipe(one);
      stage.kill(master);
      heal();
      stage.after(5, () => stage.start(one));
    });
  });
}

/** An older copy of its only other holder's disk is put back while the master dies, and the master stays away for long. */
export function oldCopyBesideDeadMaster(stage: Stage): void {
  stage.at(BEGIN_MS, () => {
    const [master, one, other] = stage.cast();
    const copy = one.disk.copy();
    const heal = stage.cut([master], [other]);
    stage.after(600, () => {
      stage.kill(one);
      stage.sim.putBack(one, copy);
      stage.kill(master);
      heal();
      stage.after(5, () => stage.start(one));
    });
  });
}

/**
 * A master that knows nothing of its successor brings a wiped replica up to its own old log, and both come back
 * together.
 */
export function broughtUpByAnOldMaster(stage: Stage): void {
  stage.at(BEGIN_MS, () => {
    const [master, one, other] = stage.cast();
    const [apart, ...sentinels] = stage.sim.sentinels;
    if (apart === undefined) return;
    const heal = stage.cut([master, apart], [one, other, ...sentinels]);
    stage.after(1000, () => {
      stage.wipe(other);
      const healOther = stage.cut([other], [one, ...sentinels]);
      const rest = stage.cut([master, apart], [one, ...sentinels]);
      heal();
      stage.start(other);
      stage.after(600, () => {
        rest();
        stage.after(150, healOther);
      });
    });
  });
}

/** Every sentinel and two of the nodes lose their disks: the third has the data, and nobody a record. Only an operator can say what counts. */
export function allButOneEmpty(stage: Stage): void {
  stage.at(BEGIN_MS, () => {
    const [, one, other] = stage.cast();
    stage.kill(...stage.sim.nodes);
    stage.wipe(one, other, ...stage.sim.sentinels);
    stage.after(20, () => stage.start(...stage.sim.nodes, ...stage.sim.sentinels));
  });
}

/**
 * Two of three sentinels elect while the third is away, and lose their disks; the third comes back, and none of them sees a node
 * that could tell of the epoch. It never serves again: nobody is left who may vote.
 */
export function wipedMajority(stage: Stage): void {
  stage.at(BEGIN_MS, () => {
    const [master] = stage.cast();
    const { sim } = stage;
    const [away, ...voters] = sim.sentinels;
    if (away === undefined) return;
    const heal = stage.cut([away], [...sim.nodes, ...voters]);
    stage.kill(master);
    const isSucceeded = (): boolean =>
      sim.master() !== master && sim.master()?.member?.status().established === true;
    stage.when(isSucceeded, () => {
      stage.wipe(...voters);
      stage.cut(sim.nodes, sim.sentinels);
      heal();
      stage.after(5, () => stage.start(...voters));
    });
  });
}

/** Two sentinels start anew beside a master that they no longer see; an operator asks one of them for a failover. */
export function forcedByRestartedSentinels(stage: Stage): void {
  stage.at(BEGIN_MS, () => {
    const [master] = stage.cast();
    const [, ...anew] = stage.sim.sentinels;
    stage.kill(...anew);
    stage.after(10, () => {
      stage.cut([master], anew);
      stage.start(...anew);
      for (const delayMs of [60, 120, 180]) {
        stage.after(delayMs, () => anew[0]?.operator({ type: "failover", group: GROUP }));
      }
    });
  });
}

/** The machines of two sentinels come back from a power cut, of which the master hears nothing, and do not see it. */
export function rebootedSentinels(stage: Stage): void {
  stage.at(BEGIN_MS, () => {
    const [master] = stage.cast();
    const [, ...anew] = stage.sim.sentinels;
    stage.cut([master], anew);
    for (const sentinel of anew) stage.sim.kill(sentinel, "powerCut");
    stage.after(1, () => stage.start(...anew));
  });
}

/** Sealed, then wiped and back on its link, before the leader has enough seals to choose. */
export function wipedBetweenSealAndPromotion(stage: Stage): void {
  stage.at(BEGIN_MS, () => {
    const [master, one, other] = stage.cast();
    const { sentinels, network } = stage.sim;
    stage.cut([master], [other]);
    stage.after(300, () => {
      const heal = stage.cut([other], sentinels);
      stage.kill(master);
      stage.after(120, () => {
        stage.wipe(one);
        // What it says arrives late, so that its word of its new life is not there yet.
        for (const { process } of sentinels) network.slowDown(one.process, process, 200);
        stage.after(5, () => stage.start(one));
        stage.after(320, heal);
        stage.after(600, () => {
          for (const { process } of sentinels) network.slowDown(one.process, process, 0);
        });
      });
    });
  });
}

/**
 * A replica follows an old master into a tail that is never committed, and comes to the new one while that can't
 * commit either: what the replica said of the old tail must not count for the new one.
 */
export function backFromAnUncommittedTail(stage: Stage): void {
  stage.at(BEGIN_MS, () => {
    const [master, one, ...rest] = stage.cast();
    const { sim } = stage;
    const heal = stage.cut([master, one], [...rest, ...sim.sentinels]);
    const isSucceeded = (): boolean =>
      sim.master() !== master && sim.master()?.member?.status().established === true;
    stage.when(isSucceeded, () => {
      const second = sim.master();
      const [kept, ...lost] = rest.filter((node) => node !== second);
      if (second === undefined || kept === undefined) return;
      stage.cut([second], lost);
      stage.kill(master);
      stage.after(120, heal);
    });
  });
}

/** The sentinels no longer see the master, its replicas and clients do; some clients move on to its successor. */
export function hiddenFromTheSentinels(stage: Stage): void {
  stage.at(BEGIN_MS, () => {
    const [master] = stage.cast();
    const { sim } = stage;
    stage.cut([master], sim.sentinels);
    const isSucceeded = (): boolean =>
      sim.master() !== master && sim.master()?.member?.status().established === true;
    stage.when(isSucceeded, () => {
      const movers = sim.clients.filter((_, at) => at % 2 === 0);
      for (const { process } of movers) sim.network.reset(process, master.process);
    });
  });
}

/** Its clients still reach the master, nobody else does: what it executes now is lost. */
export function aloneWithItsClients(stage: Stage): void {
  stage.at(BEGIN_MS, () => {
    const [master, ...others] = stage.cast();
    stage.cut([master], [...others, ...stage.sim.sentinels]);
  });
}

/** Pings are long under way; then the master is cut off from everyone. */
export function latePings(stage: Stage): void {
  stage.at(BEGIN_MS, () => {
    const [master, ...others] = stage.cast();
    const { sentinels, network } = stage.sim;
    for (const { process } of sentinels) network.slowDown(process, master.process, 250);
    stage.after(1000, () => {
      // What is under way arrives; what is said from now on does not.
      stage.cutOneWay([master], [...others, ...sentinels]);
      stage.after(1500, () => {
        for (const { process } of sentinels) network.slowDown(process, master.process, 0);
      });
    });
  });
}

/** A leader's record is long under way to voters that have given their votes to the next leader meanwhile. */
export function recordOvertakenByAVote(stage: Stage): void {
  stage.at(BEGIN_MS, () => {
    const { sim } = stage;
    const [leader, ...voters] = sim.sentinels;
    if (leader === undefined) return;
    const hasVoted = (epoch: number): boolean =>
      voters.every(({ disk }) => (disk?.groups[GROUP]?.votedEpoch ?? 0) >= epoch);
    const before = sim.epochs;
    leader.operator({ type: "failover", group: GROUP });
    stage.when(
      () => hasVoted(before + 1),
      () => {
        for (const { process } of voters) sim.network.slowDown(leader.process, process, 900);
      },
    );
    stage.when(
      () => hasVoted(before + 2),
      () => stage.cut(voters, sim.nodes),
    );
    stage.after(2500, () => {
      for (const { process } of voters) sim.network.slowDown(leader.process, process, 0);
    });
  });
}

/** Somebody beside the clients sets many keys that soon expire. */
export function keysThatExpire(stage: Stage): void {
  stage.at(BEGIN_MS, () => {
    const [master] = stage.cast();
    const { message } = master.accept({ send: () => {}, close: () => {} });
    for (let at = 0; at < 50; at++) {
      stage.after(at * 20, () => message({ commands: [["SET", `fleeting${at}`, "v", "PX", "100"]] }));
    }
  });
}

/** Cut off with its lease in hand; an operator does not wait until it has been silent for long enough. */
export function forcedBesideACutOffMaster(stage: Stage): void {
  stage.at(BEGIN_MS, () => {
    const [master, ...others] = stage.cast();
    const { sentinels, network } = stage.sim;
    const [leader] = sentinels;
    if (leader === undefined) return;
    // Without a link there is no asking for a switchover first.
    network.reset(leader.process, master.process);
    stage.cut([master], [...others, ...sentinels]);
    stage.after(5, () => leader.operator({ type: "failover", group: GROUP }));
  });
}

/** The leader alone does not see the master, whose lease its voters have given and could go on giving. */
export function forcedByALeaderCutOffFromTheMaster(stage: Stage): void {
  stage.at(BEGIN_MS, () => {
    const [master] = stage.cast();
    const [leader] = stage.sim.sentinels;
    if (leader === undefined) return;
    stage.cut([master], [leader]);
    stage.after(5, () => leader.operator({ type: "failover", group: GROUP }));
  });
}
