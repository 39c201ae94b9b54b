/** Stores on ioredis-mock that the checker must see through, and a healthy one. For tests only. */
import Redis from "ioredis-mock";
import type { ChaosClient } from "../../cluster/chaos/chaos-client.ts";

type Sabotage = (healthy: ChaosClient) => Partial<ChaosClient>;

/** `count` clients on one store of their own, named `store`; `sabotage` replaces some of their commands. */
export function mockClients(store: string, count: number, sabotage: Sabotage = () => ({})): ChaosClient[] {
  return Array.from({ length: count }, () => {
    const healthy: ChaosClient = new Redis({ host: store });
    // ioredis-mock is connected as soon as it is made, but keeps no status.
    const replaced: Partial<ChaosClient> = { status: "ready", ...sabotage(healthy) };
    return new Proxy(healthy, {
      get(target, name) {
        const value: unknown = Reflect.get(name in replaced ? replaced : target, name);
        return typeof value === "function" ? value.bind(target) : value;
      },
    });
  });
}

/** Says OK to every 20th SET and forgets it. */
export function dropsAcknowledgedWrites(): Sabotage {
  let writes = 0;
  return (healthy) => ({
    set: async (key, value) => {
      writes += 1;
      return writes % 20 === 0 ? "OK" : await healthy.set(key, value);
    },
  });
}

/** Holds some SETs back after saying OK, and carries them out after the next one to their key. */
export function reordersWrites(): Sabotage {
  const held = new Map<string, string>();
  let writes = 0;
  return (healthy) => ({
    set: async (key, value) => {
      writes += 1;
      const older = held.get(key);
      if (older === undefined && writes % 10 === 0) {
        held.set(key, value);
        return "OK";
      }
      held.delete(key);
      await healthy.set(key, value);
      return older === undefined ? "OK" : await healthy.set(key, older);
    },
  });
}

/** Every 200th write is a "failover" to a copy that is 50 writes old; clients see a refusal, as of a lost master. */
export function revertsToAnOldCopy(): Sabotage {
  const data = new Map<string, string>();
  let old: [string, string][] = [];
  let writes = 0;
  return (healthy) => ({
    set: async (key, value) => {
      writes += 1;
      if (writes % 200 === 150) old = [...data];
      if (writes % 200 === 0) {
        data.clear();
        for (const [oldKey, oldValue] of old) {
          data.set(oldKey, oldValue);
          await healthy.set(oldKey, oldValue);
        }
        throw new Error("READONLY You can't write against a read only replica.");
      }
      data.set(key, value);
      return await healthy.set(key, value);
    },
  });
}

/** Carries out every 20th INCR twice, as a server would that replays a command. */
export function duplicatesIncrements(): Sabotage {
  let increments = 0;
  return (healthy) => ({
    incr: async (key) => {
      increments += 1;
      if (increments % 20 === 0) await healthy.incr(key);
      return await healthy.incr(key);
    },
  });
}

/** Answers every 20th INCR with the right number without counting it. */
export function forgetsIncrements(): Sabotage {
  let increments = 0;
  return (healthy) => ({
    incr: async (key) => {
      increments += 1;
      return increments % 20 === 0 ? Number(await healthy.get(key)) + 1 : await healthy.incr(key);
    },
  });
}

/** WATCH does nothing, so EXEC overwrites what others wrote in between. */
export function ignoresWatch(): Sabotage {
  return () => ({ watch: async () => "OK" });
}

/** Refuses every 10th write, and executes another 10th without answering: rightful failures, nothing lost. */
export function failsHonestly(): Sabotage {
  let writes = 0;
  return (healthy) => ({
    set: async (key, value) => {
      writes += 1;
      if (writes % 10 === 0) throw new Error("NOREPLICAS Not enough good replicas to write.");
      const reply = await healthy.set(key, value);
      if (writes % 10 === 5) throw new Error("Command timed out");
      return reply;
    },
  });
}
