/** The parts that a member is put together from, and the time that all of them go by. Built once; decides nothing. */
import type { Instant } from "../base/instant.ts";
import { type ReplicationRules, replicationRules } from "../rules/replication-rules.ts";
import { ClientDesk } from "./client-desk.ts";
import { KeptLog } from "./kept-log.ts";
import type { Keyspace } from "./keyspace/keyspace.ts";
import { MemberOutbox } from "./member-io.ts";
import type { MemberKeyspace, MemberSetup } from "./member-setup.ts";
import { decodeMemberState, FRESH_STATE } from "./member-state.ts";
import { OwnSnapshots } from "./own-snapshots.ts";
import { PeerLinks } from "./peer-links.ts";
import { PromiseBook } from "./promise-book.ts";
import { Applier } from "./replication/applier.ts";
import { MasterLease } from "./replication/lease.ts";
import { ReceivedSnapshot } from "./replication/received-snapshot.ts";
import { ReplicationLog } from "./replication/replication-log.ts";
import { SentinelLimits } from "./sentinel-limits.ts";

export class MemberParts {
  readonly setup: MemberSetup;
  readonly rules: ReplicationRules;
  readonly outbox: MemberOutbox = new MemberOutbox();
  readonly keyspace: Keyspace;
  readonly log: ReplicationLog;
  readonly applier: Applier;
  readonly snapshots: OwnSnapshots;
  readonly keptLog: KeptLog = new KeptLog(this.outbox);
  readonly received: ReceivedSnapshot;
  readonly book: PromiseBook;
  readonly links: PeerLinks = new PeerLinks();
  readonly lease: MasterLease;
  readonly desk: ClientDesk;
  /** Changes when this member is told that it has lost what it once acknowledged. */
  incarnation: MemberSetup["incarnation"];
  now: Instant;
  readonly limits: SentinelLimits = new SentinelLimits();

  constructor(setup: MemberSetup, { keyspace, dispatcher, replayer }: MemberKeyspace) {
    const { outbox } = this;
    this.setup = setup;
    this.rules = { ...replicationRules, ...setup.rules };
    this.keyspace = keyspace;
    this.incarnation = setup.incarnation;
    this.now = setup.now;
    const log = new ReplicationLog(setup.position, setup.history);
    this.log = log;
    this.applier = new Applier(log, outbox, replayer);
    this.received = new ReceivedSnapshot(log, this.applier, outbox);
    this.lease = new MasterLease(this.rules);
    this.snapshots = new OwnSnapshots({
      log,
      outbox,
      begin: () => keyspace.beginSnapshot(),
      changes: () => keyspace.changes,
      afterBytes: setup.snapshotAfterBytes,
      base: setup.snapshotOffset,
      baseBytes: setup.snapshotBytes,
      logBytes: setup.logBytes,
    });
    this.book = new PromiseBook(outbox, setup.state === null ? FRESH_STATE : decodeMemberState(setup.state));
    this.desk = new ClientDesk({ ...setup, keyspace, dispatcher, outbox, log });
  }
}
