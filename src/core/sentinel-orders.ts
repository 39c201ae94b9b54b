/**
 * What sentinels ask of a member: to promise, to reign, to follow, to hand over. It decides whether each may be done,
 * by the promise alone, and answers only what is durable.
 */
import { unreachable } from "../base/errors.ts";
import { type Epoch, OFFSET_ZERO, type Offset } from "../base/ids.ts";
import type { LinkId } from "../protocol/peer/identity.ts";
import type {
  Follow,
  PrepareHandover,
  Promote,
  Refused,
  Seal,
  StandingRecord,
} from "../protocol/peer/node-messages.ts";
import { type Leader, memberOf } from "../rules/group-record.ts";
import type { MemberParts } from "./member-parts.ts";
import type { MemberView } from "./member-view.ts";
import type { AfterSave } from "./promise-book.ts";
import type { Roles } from "./roles.ts";

/** A seal's answer waits until everything that the log held is durable: what is reported must survive. */
interface OwedSeal {
  readonly link: LinkId;
  readonly epoch: Epoch;
  readonly lastOffset: Offset;
  promiseSaved: boolean;
}

export class SentinelOrders {
  readonly #parts: MemberParts;
  readonly #roles: Roles;
  readonly #view: MemberView;
  #owedSeals: OwedSeal[] = [];

  constructor(parts: MemberParts, roles: Roles, view: MemberView) {
    this.#parts = parts;
    this.#roles = roles;
    this.#view = view;
  }

  onSeal(link: LinkId, seal: Seal): void {
    const refusal = this.#refusalOf(seal.groupId, seal.epoch, seal.leader);
    if (refusal !== null) return this.#refuse(link, "seal", seal.epoch, refusal);
    const { book, log, outbox, received } = this.#parts;
    this.#roles.promise(seal.epoch, seal.leader);
    book.joinGroup(seal.groupId);
    log.writeOut(outbox);
    // A log that a full sync is replacing ends where the snapshot will: the answer waits for that, see `answerSeals`.
    const lastOffset = received.replacing ? OFFSET_ZERO : log.tail.lastOffset;
    this.#owedSeals.push({ link, epoch: seal.epoch, lastOffset, promiseSaved: false });
    book.afterSave({ type: "answerSeal", link, epoch: seal.epoch });
  }

  onPromote(link: LinkId, { epoch, leader, position, record }: Promote): void {
    const refusal =
      this.#refusalOf(record.groupId, epoch, leader) ?? this.#whyNotPromote(position, record, leader);
    if (refusal !== null) return this.#refuse(link, "promote", epoch, refusal);
    const role = this.#roles.current;
    if (role.kind !== "master" || role.epoch !== epoch) this.#roles.reignOver(record, false);
    this.#roles.reign?.owePromoted(link);
  }

  onFollow(link: LinkId, { epoch, leader, record }: Follow): void {
    const refusal = this.#refusalOf(record.groupId, epoch, leader);
    if (refusal !== null) return this.#refuse(link, "follow", epoch, refusal);
    const { master } = record;
    if (master === null || master === this.#parts.setup.id) {
      return this.#refuse(link, "follow", epoch, "the record does not name another master");
    }
    const role = this.#roles.current;
    if (role.kind === "master" && role.epoch === epoch) {
      return this.#refuse(link, "follow", epoch, "this member is master of that epoch");
    }
    this.#roles.follow(record, leader, master);
    this.#parts.book.afterSave({ type: "answerFollow", link, epoch });
  }

  /** A record that stands: for the master its licence to acknowledge, for the others whom to follow. */
  onStanding({ record }: StandingRecord): void {
    const { book, setup } = this.#parts;
    const { epoch } = record.number;
    const refusal = this.#refusalOf(record.groupId, epoch, record.steward);
    if (refusal !== null || memberOf(record, setup.id) === undefined) return;
    const role = this.#roles.current;
    if (record.master === setup.id) {
      const isMine = role.kind === "master" && role.epoch === epoch;
      if (isMine && (book.keepRecord(record) || !role.reign.recorded)) role.reign.onStanding(record);
    } else if (record.master === null) {
      book.joinGroup(record.groupId);
      book.keepRecord(record);
    } else if (role.kind !== "master" || role.epoch < epoch) {
      this.#roles.follow(record, record.steward, record.master);
      // What stands has been published: there is nothing to wait for.
      this.#roles.closeDemotedClients();
    }
    this.#roles.keepLinks(record);
  }

  onPrepareHandover(link: LinkId, { epoch, target, timeoutMs }: PrepareHandover): void {
    const { reign } = this.#roles;
    const refusal =
      reign === null || reign.epoch !== epoch
        ? "this member is not master of that epoch"
        : reign.prepareHandover(target, timeoutMs, this.#parts.now.monoMs);
    if (refusal !== null) this.#refuse(link, "prepareHandover", epoch, refusal);
  }

  onCancelHandover(epoch: Epoch): void {
    const { reign } = this.#roles;
    if (reign?.epoch === epoch) reign.cancelHandover("cancelled by the sentinels");
  }

  onLinkDown(link: LinkId): void {
    this.#owedSeals = this.#owedSeals.filter((owed) => owed.link !== link);
  }

  /** What was promised is durable now: it may be said, and acted upon. */
  afterSaves(actions: readonly AfterSave[]): void {
    for (const action of actions) {
      switch (action.type) {
        case "answerSeal":
          for (const owed of this.#owedSeals) {
            if (owed.link === action.link && owed.epoch === action.epoch) owed.promiseSaved = true;
          }
          break;
        case "answerFollow":
          this.#parts.outbox.send(action.link, { type: "following", epoch: action.epoch });
          break;
        case "allowFollower":
          if (this.#roles.follower?.epoch === action.epoch) this.#roles.follower.allow();
          break;
        default:
          unreachable(action);
      }
    }
  }

  /** Answers the seals whose promise, and whose whole log, is durable. */
  answerSeals(): void {
    const { received, log, book, outbox } = this.#parts;
    if (this.#owedSeals.length === 0 || received.replacing) return;
    const isDue = (owed: OwedSeal): boolean => owed.promiseSaved && owed.lastOffset <= log.persisted;
    const due = this.#owedSeals.filter(isDue);
    if (due.length === 0) return;
    this.#owedSeals = this.#owedSeals.filter((owed) => !isDue(owed));
    for (const { link, epoch } of due) {
      // A leader that has given this member its role did without the answer, and the log has moved on since.
      if (epoch === book.promise.epoch && this.#roles.epoch < epoch)
        outbox.send(link, { type: "sealed", epoch, status: this.#view.status() });
    }
  }

  #whyNotPromote(position: Promote["position"], record: Promote["record"], leader: Leader): string | null {
    const { setup, rules, book, log, received } = this.#parts;
    const { epoch } = record.number;
    const role = this.#roles.current;
    if (role.kind === "master" && role.epoch === epoch) return null;
    if (received.replacing) return "a full sync is replacing the log";
    if (memberOf(record, setup.id) === undefined) return "the record does not name this member";
    const may = rules.mayPromote(book.promise, epoch, leader, log.tail.position, position);
    return may ? null : "not sealed by this leader, or the log is not what it reported";
  }

  #refusalOf(groupId: string, epoch: Epoch, leader: Leader): string | null {
    const { setup, book, rules } = this.#parts;
    if (setup.static !== null) return "this member belongs to a group without sentinels";
    if (book.groupId !== null && book.groupId !== groupId) return "another group's data is here";
    return rules.mayPromise(book.promise, epoch, leader) ? null : "promised to another epoch or leader";
  }

  #refuse(link: LinkId, what: Refused["what"], epoch: Epoch, reason: string): void {
    const { outbox, book } = this.#parts;
    outbox.send(link, { type: "refused", what, epoch, promise: book.promise, reason });
  }
}
