/** A member's core with its disk, its clients, and what it has said: all of a data node that a test needs. */
import type { MemberId, Offset, StartId } from "../../../src/base/ids.ts";
import type { Instant } from "../../../src/base/instant.ts";
import { Client } from "../../../src/core/client.ts";
import { Dispatcher } from "../../../src/core/commands/dispatcher.ts";
import { Keyspace } from "../../../src/core/keyspace/keyspace.ts";
import { KeyspaceReplayer } from "../../../src/core/keyspace-replayer.ts";
import { Member } from "../../../src/core/member.ts";
import type { MemberEffect, MemberInput } from "../../../src/core/member-io.ts";
import type { StaticRole } from "../../../src/core/member-setup.ts";
import { ClientSession } from "../../../src/core/session.ts";
import type { LinkId } from "../../../src/protocol/peer/identity.ts";
import type { NodeMessage, NodeToSentinel } from "../../../src/protocol/peer/node-messages.ts";
import type { ReplicationRules } from "../../../src/rules/replication-rules.ts";
import { runCommands } from "../run-commands.ts";
import { hostOf } from "./test-command-host.ts";
import { TestDisk, TestStorage } from "./test-disk.ts";

/** What is around a member: time, and links. */
export interface MemberWorld {
  readonly now: Instant;
  readonly rules: Partial<ReplicationRules>;
  /** When all that is under way now has been delivered. */
  later(action: () => void): void;
  /** Runs until nothing is under way. */
  settle(): void;
  send(from: TestMember, link: LinkId, message: NodeMessage): void;
  closeLink(link: LinkId): void;
}

export class TestMember {
  readonly id: MemberId;
  readonly disk: TestDisk;
  /** From its next start on: its role in a group without sentinels. */
  staticRole: StaticRole | null = null;
  readonly answers: NodeToSentinel[] = [];
  readonly logged: string[] = [];
  readonly logFields: { readonly event: string; readonly fields: Readonly<Record<string, unknown>> }[] = [];
  /** Hold back what the disk has done until `releaseDisk`. */
  diskIsSlow = false;
  /** How often the log may still be read before what has been read is held back as well. */
  readsLeft: number = Number.POSITIVE_INFINITY;
  member: Member;
  keyspace: Keyspace;
  readonly heldInputs: MemberInput[] = [];
  readonly #world: MemberWorld;
  #dispatcher: Dispatcher;
  readonly #storage: TestStorage;
  readonly #outputs = new Map<Client, string>();
  readonly closedClients: Set<Client> = new Set();
  /** Who may go on with what they have sent, until a test takes them out. */
  readonly resumedClients: Set<Client> = new Set();
  #clients = 0;
  starts = 0;

  constructor(world: MemberWorld, id: string) {
    this.#world = world;
    this.id = id as MemberId;
    this.disk = new TestDisk(id);
    this.#storage = new TestStorage(this.disk, (input) => this.#onStorage(input));
    [this.member, this.keyspace, this.#dispatcher] = this.#build();
  }

  /** Snapshots that are being read for replicas. */
  get openStreams(): number {
    return this.#storage.openStreams;
  }

  /** A new process on the same disk. */
  restart(): void {
    [this.member, this.keyspace, this.#dispatcher] = this.#build();
    this.heldInputs.length = 0;
    this.#outputs.clear();
    this.step({ type: "start" });
  }

  step(input: MemberInput): void {
    this.member.step(this.#world.now, input);
    this.#carryOut();
  }

  /** Everything that a turn of the event loop does at its end. */
  flush(): void {
    this.step({ type: "flush" });
  }

  releaseDisk(): void {
    this.diskIsSlow = false;
    this.readsLeft = Number.POSITIVE_INFINITY;
    for (const input of this.heldInputs.splice(0)) this.step(input);
  }

  connect(): Client {
    this.#clients++;
    const session = new ClientSession({
      id: this.#clients,
      address: `127.0.0.1:${this.#clients}`,
      localAddress: "127.0.0.1:1",
      createdAtMs: this.#world.now.wallMs,
    });
    const client = new Client(session);
    this.#dispatcher.connect(session);
    this.member.desk.add(client);
    return client;
  }

  /** Runs one command and the flush of its turn. @returns what has reached the client so far, and clears it. */
  run(client: Client, ...argv: string[]): string {
    return this.runAll(client, [argv]);
  }

  /** Commands that have come together. */
  runAll(client: Client, commands: readonly string[][]): string {
    this.member.beginCommands(this.#world.now);
    let done = 0;
    // All of them, whether or not a node would read on: who is on hold is given no further command elsewhere.
    while (done < commands.length) done += runCommands(this.member.desk, client, commands.slice(done));
    this.#carryOut();
    this.flush();
    return this.read(client);
  }

  /** Commands that have come together, until the client is to wait. @returns how many have run. */
  runWhileItMay(client: Client, commands: readonly string[][]): number {
    this.member.beginCommands(this.#world.now);
    const done = runCommands(this.member.desk, client, commands);
    this.#carryOut();
    this.flush();
    return done;
  }

  /** As `run`, once everything that it set going has come to rest. */
  ask(client: Client, ...argv: string[]): string {
    const early = this.run(client, ...argv);
    this.#world.settle();
    return early + this.read(client);
  }

  /** What has reached the client since the last look. */
  read(client: Client): string {
    const text = this.#outputs.get(client) ?? "";
    this.#outputs.delete(client);
    return text;
  }

  lastAnswer<Type extends NodeToSentinel["type"]>(type: Type): Extract<NodeToSentinel, { type: Type }> {
    const found = this.answers.findLast((answer) => answer.type === type);
    if (found === undefined) throw new Error(`${this.id} has not answered ${type}`);
    return found as Extract<NodeToSentinel, { type: Type }>;
  }

  #build(): [Member, Keyspace, Dispatcher] {
    this.starts++;
    this.disk.retainedAfter = null;
    const keyspace = new Keyspace();
    let member: Member | undefined;
    const dispatcher = new Dispatcher(
      keyspace,
      hostOf(() => member),
    );
    const { disk } = this;
    member = new Member(
      {
        id: this.id,
        startId: `${this.id}-start${this.starts}` as StartId,
        client: { host: "127.0.0.1", port: Number(this.id.slice(1)) },
        priority: 100,
        zone: "",
        voting: true,
        reads: "linearizable",
        ackTimeoutMs: 1000,
        uncommittedBytesMax: 64 * 1024 * 1024,
        snapshotAfterBytes: 1024 * 1024,
        static: this.staticRole,
        incarnation: disk.incarnation,
        doubts: disk.doubts,
        state: disk.state,
        position: disk.last,
        history: disk.history,
        snapshotOffset: disk.snapshot?.position.offset ?? (0 as Offset),
        snapshotBytes: Buffer.concat(disk.snapshot?.chunks ?? []).length,
        logBytes: 0,
        rules: this.#world.rules,
        now: this.#world.now,
      },
      { keyspace, dispatcher, replayer: new KeyspaceReplayer(keyspace, dispatcher) },
    );
    return [member, keyspace, dispatcher];
  }

  #carryOut(): void {
    const { outbox } = this.member;
    while (!outbox.isEmpty) for (const effect of outbox.take()) this.#do(effect);
  }

  #onStorage(input: MemberInput): void {
    const isHeld = input.type === "logRead" && this.readsLeft-- <= 0;
    if (isHeld) this.heldInputs.push(input);
    else this.#later(input);
  }

  #later(input: MemberInput): void {
    const { member } = this;
    this.#world.later(() => {
      if (this.member !== member) return;
      if (this.diskIsSlow) this.heldInputs.push(input);
      else this.step(input);
    });
  }

  #do(effect: MemberEffect): void {
    switch (effect.type) {
      case "send":
        this.#world.send(this, effect.link, effect.message);
        break;
      case "closeLink":
        this.#world.closeLink(effect.link);
        break;
      case "output":
        this.#outputs.set(
          effect.client,
          (this.#outputs.get(effect.client) ?? "") + effect.client.takeReady().join(""),
        );
        break;
      case "closeClient":
        this.closedClients.add(effect.client);
        break;
      case "resumeClient":
        this.resumedClients.add(effect.client);
        break;
      case "log":
        this.logged.push(effect.event);
        this.logFields.push({ event: effect.event, fields: effect.fields });
        break;
      default:
        this.#storage.carryOut(effect);
    }
  }
}
