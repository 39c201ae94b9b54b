/**
 * The network: TCP connections between processes. Each direction keeps its order; what a partition holds back arrives
 * when it ends, or the connection is reset. A killed process closes its connections, a machine without power says
 * nothing, a stopped process still accepts. It knows nothing of what is sent.
 */
import type { Millis } from "../../../src/base/ids.ts";
import type { Randomness } from "../../../src/base/randomness.ts";
import type { EventQueue } from "./event-queue.ts";
import type { SimProcess } from "./sim-process.ts";

/** What a process does with one connection. */
export interface Receiver<Payload> {
  message(payload: Payload): void;
  /** Told once; nothing comes after it. */
  down(): void;
}

/** One side's hold on a connection. */
export interface Connection<Payload> {
  send(payload: Payload): void;
  /** Orderly: what was sent before still arrives. This side is told `down` too. */
  close(): void;
}

export interface DialOptions<Payload> {
  readonly timeoutMs: Millis;
  /** On the other process. */
  accept(connection: Connection<Payload>): Receiver<Payload>;
  connected(connection: Connection<Payload>): Receiver<Payload>;
  failed(why: "refused" | "silent"): void;
}

export interface NetworkLimits {
  readonly latencyMsMin: Millis;
  readonly latencyMsMax: Millis;
}

const PROCESSES_MAX = 64;
/** TCP tries again only now and then, so what was held back is some time in coming. */
const RETRANSMIT_MS_MAX = 200;

interface Packet {
  readonly sequence: number;
  /** On the other side, if it is still open then. */
  readonly action: () => void;
}

class Side {
  readonly process: SimProcess;
  readonly life: number;
  // Whatever the two sides send each other is of one type; the dial ties it to its receivers.
  receiver: Receiver<unknown> | null = null;
  open = true;
  lastArrivalMs: Millis = 0;
  /** Came to a partition, or before what was sent earlier; arrives in the order of sending. */
  held: Packet[] = [];
  /** Sequence of the last one that has arrived. */
  arrived = 0;
  /** Of the packets on their way here. */
  lastSequence = 0;

  constructor(process: SimProcess) {
    this.process = process;
    this.life = process.life;
  }
}

interface Wire {
  readonly sides: readonly [Side, Side];
}

/** A set of directed pairs that nothing passes between. */
export type Partition = readonly (readonly [from: SimProcess, to: SimProcess])[];

export class Network {
  readonly #queue: EventQueue;
  readonly #randomness: Randomness;
  readonly #limits: NetworkLimits;
  readonly #wires = new Set<Wire>();
  /** How many partitions stand between two processes. */
  readonly #blocks = new Uint8Array(PROCESSES_MAX * PROCESSES_MAX);
  readonly #slowMs = new Float64Array(PROCESSES_MAX * PROCESSES_MAX);
  /** Share of packets that are lost on the way, and sent again later. */
  readonly #lossShare = new Float64Array(PROCESSES_MAX * PROCESSES_MAX);
  readonly #refusing = new Set<SimProcess>();

  constructor(queue: EventQueue, randomness: Randomness, limits: NetworkLimits) {
    this.#queue = queue;
    this.#randomness = randomness;
    this.#limits = limits;
  }

  isBlocked(from: SimProcess, to: SimProcess): boolean {
    return (this.#blocks[pair(from, to)] as number) > 0;
  }

  cut(partition: Partition): void {
    for (const [from, to] of partition) {
      const key = pair(from, to);
      this.#blocks[key] = (this.#blocks[key] as number) + 1;
    }
  }

  heal(partition: Partition): void {
    for (const [from, to] of partition) {
      const key = pair(from, to);
      this.#blocks[key] = (this.#blocks[key] as number) - 1;
    }
    for (const wire of [...this.#wires]) this.#afterHealing(wire);
  }

  /** Adds to the latency from one to the other; 0 ends it. */
  slowDown(from: SimProcess, to: SimProcess, byMs: Millis): void {
    this.#slowMs[pair(from, to)] = byMs;
  }

  /** Loses some packets from one to the other, as a bad cable does; 0 ends it. The stream stalls, and keeps its order. */
  lose(from: SimProcess, to: SimProcess, share: number): void {
    this.#lossShare[pair(from, to)] = share;
  }

  /** Whether something in front of a process refuses every connect to it. */
  refuse(to: SimProcess, refuses: boolean): void {
    if (refuses) this.#refusing.add(to);
    else this.#refusing.delete(to);
  }

  dial<Payload>(from: SimProcess, to: SimProcess, options: DialOptions<Payload>): void {
    const { life } = from;
    let over = false;
    let giveUp = (): void => {};
    const end = (why: "refused" | "silent"): void => {
      if (over) return;
      over = true;
      from.deliver(life, () => options.failed(why));
    };
    this.#queue.after(options.timeoutMs, () => {
      if (over) giveUp();
      else end("silent");
    });
    this.#queue.after(this.#latencyMs(from, to), () => {
      if (this.isBlocked(from, to) || this.isBlocked(to, from) || !to.machineUp) return;
      if (!to.alive || this.#refusing.has(to)) {
        this.#queue.after(this.#latencyMs(to, from), () => end("refused"));
        return;
      }
      to.deliver(to.life, () => {
        if (over || !from.alive || from.life !== life) return;
        over = true;
        giveUp = this.#establish(from, to, options);
      });
    });
  }

  /** The process is gone. Its kernel closes the connections, unless the machine went too. */
  onProcessEnd(process: SimProcess, how: "killed" | "powerCut"): void {
    for (const wire of [...this.#wires]) {
      const at = wire.sides.findIndex((side) => side.process === process && side.open);
      if (at < 0) continue;
      const [mine, other] = facing(wire, at);
      mine.open = false;
      if (how === "powerCut") continue;
      // A reset may overtake what is still in flight, and take it away.
      if (this.#randomness.next() < 0.3) this.#wires.delete(wire);
      if (this.#wires.has(wire)) this.#transmit(wire, mine, other, () => this.#tellDown(wire, other));
      else this.#resetSoon(wire, mine, other);
    }
  }

  /** Resets every connection between two processes; both ends hear of it. */
  reset(one: SimProcess, other: SimProcess): void {
    for (const wire of [...this.#wires]) {
      const [a, b] = wire.sides;
      const isBetween =
        (a.process === one && b.process === other) || (a.process === other && b.process === one);
      if (isBetween) this.#reset(wire);
    }
  }

  /** @returns ends it if the dialler has not heard of it by then. */
  #establish<Payload>(from: SimProcess, to: SimProcess, options: DialOptions<Payload>): () => void {
    const wire: Wire = { sides: [new Side(from), new Side(to)] };
    const [dialler, acceptor] = wire.sides;
    const connection = this.#hold<Payload>(wire, dialler);
    let isConnected = false;
    this.#wires.add(wire);
    // A connection that ends before the dialler has heard of it was none.
    dialler.receiver = { message: () => {}, down: () => options.failed("silent") };
    // The dialler hears of it before anything that the acceptor says.
    this.#transmit(wire, acceptor, dialler, () => {
      isConnected = true;
      dialler.receiver = options.connected(connection) as Receiver<unknown>;
    });
    acceptor.receiver = options.accept(this.#hold(wire, acceptor)) as Receiver<unknown>;
    return () => {
      if (!isConnected) connection.close();
    };
  }

  #hold<Payload>(wire: Wire, mine: Side): Connection<Payload> {
    const other = otherOf(wire, mine);
    return {
      send: (payload) => {
        if (!mine.open || !this.#wires.has(wire)) return;
        if (!other.open) this.#answerWithReset(wire, mine, other);
        else this.#transmit(wire, mine, other, () => other.receiver?.message(payload));
      },
      close: () => {
        if (!mine.open) return;
        mine.open = false;
        this.#queue.after(0, () => mine.process.deliver(mine.life, () => mine.receiver?.down()));
        this.#transmit(wire, mine, other, () => this.#tellDown(wire, other));
      },
    };
  }

  #transmit(wire: Wire, from: Side, to: Side, action: () => void): void {
    this.#enqueue(wire, from, to, { sequence: ++to.lastSequence, action });
  }

  #enqueue(wire: Wire, from: Side, to: Side, packet: Packet): void {
    if (this.isBlocked(from.process, to.process) || to.held.length > 0) {
      hold(to, packet);
      return;
    }
    const arrivalMs = Math.max(
      to.lastArrivalMs,
      this.#queue.nowMs + this.#latencyMs(from.process, to.process),
    );
    to.lastArrivalMs = arrivalMs;
    this.#queue.at(arrivalMs, () => {
      if (!this.#wires.has(wire)) return;
      // What is sent again after a partition may come behind what was under way in it.
      const isNext = packet.sequence === to.arrived + 1;
      if (!isNext || this.isBlocked(from.process, to.process)) return hold(to, packet);
      this.#arrive(wire, to, packet);
      while (to.held[0]?.sequence === to.arrived + 1) this.#arrive(wire, to, to.held.shift() as Packet);
    });
  }

  #arrive(wire: Wire, to: Side, { sequence, action }: Packet): void {
    to.arrived = sequence;
    to.process.deliver(to.life, () => {
      if (to.open && this.#wires.has(wire)) action();
    });
  }

  #tellDown(wire: Wire, side: Side): void {
    if (!side.open) return;
    side.open = false;
    this.#wires.delete(wire);
    side.receiver?.down();
  }

  #reset(wire: Wire): void {
    this.#wires.delete(wire);
    for (const side of wire.sides) {
      if (!side.open) continue;
      side.open = false;
      this.#queue.after(0, () => side.process.deliver(side.life, () => side.receiver?.down()));
    }
  }

  #resetSoon(wire: Wire, from: Side, to: Side): void {
    this.#queue.after(this.#latencyMs(from.process, to.process), () => {
      if (this.isBlocked(from.process, to.process)) {
        // Nobody hears the reset; the next thing sent there is answered with one.
        this.#wires.add(wire);
        to.held = [];
        return;
      }
      to.process.deliver(to.life, () => this.#tellDown(wire, to));
    });
  }

  /** The other end is gone: its machine says so as soon as it can be reached. */
  #answerWithReset(wire: Wire, mine: Side, other: Side): void {
    if (!other.process.machineUp) return;
    if (this.isBlocked(mine.process, other.process) || this.isBlocked(other.process, mine.process)) return;
    this.#queue.after(this.#latencyMs(mine.process, other.process), () =>
      mine.process.deliver(mine.life, () => this.#tellDown(wire, mine)),
    );
  }

  #afterHealing(wire: Wire): void {
    for (const to of wire.sides) {
      const from = otherOf(wire, to);
      if (to.held.length === 0 || this.isBlocked(from.process, to.process)) continue;
      if (this.#randomness.next() < 0.5) {
        this.#reset(wire);
        return;
      }
      this.#queue.after(this.#randomness.next() * RETRANSMIT_MS_MAX, () => this.#releaseHeld(wire, from, to));
    }
  }

  #releaseHeld(wire: Wire, from: Side, to: Side): void {
    if (!this.#wires.has(wire) || this.isBlocked(from.process, to.process)) return;
    const { held } = to;
    to.held = [];
    for (const packet of held) this.#enqueue(wire, from, to, packet);
  }

  #sentAgainAfterMs(lossShare: number): Millis {
    let delayMs = 0;
    let waitMs = RETRANSMIT_MS_MAX;
    while (lossShare > 0 && this.#randomness.next() < lossShare) {
      delayMs += waitMs;
      waitMs *= 2;
    }
    return delayMs;
  }

  #latencyMs(from: SimProcess, to: SimProcess): Millis {
    const { latencyMsMin, latencyMsMax } = this.#limits;
    const spread = this.#randomness.next();
    // Now and then one packet takes much longer.
    const tail = spread > 0.99 ? 10 * latencyMsMax : 0;
    const key = pair(from, to);
    return (
      latencyMsMin +
      spread * (latencyMsMax - latencyMsMin) +
      tail +
      (this.#slowMs[key] as number) +
      this.#sentAgainAfterMs(this.#lossShare[key] as number)
    );
  }
}

/** In order of sending: what was under way when the network was cut comes before what was sent afterwards. */
function hold(to: Side, packet: Packet): void {
  to.held.push(packet);
  to.held.sort((a, b) => a.sequence - b.sequence);
}

function pair(from: SimProcess, to: SimProcess): number {
  return from.index * PROCESSES_MAX + to.index;
}

function otherOf(wire: Wire, side: Side): Side {
  return wire.sides[0] === side ? wire.sides[1] : wire.sides[0];
}

function facing(wire: Wire, at: number): [mine: Side, other: Side] {
  const mine = wire.sides[at === 0 ? 0 : 1];
  return [mine, otherOf(wire, mine)];
}
