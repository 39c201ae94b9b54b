/** The one scene of all libraries: their master is killed while they are called without a pause, and they are called on with its successor. */
import type { Cluster, MasterAddress } from "../../cluster/start-cluster.ts";
import type { WriteLoad } from "../cluster/redis-clients.ts";

/** @returns the successor, once so many more calls have succeeded since it was named and no call is under way any more. */
export async function failOverUnder(cluster: Cluster, load: WriteLoad, more = 100): Promise<MasterAddress> {
  const old = await cluster.killMaster();
  const next = await cluster.waitForMaster({ not: old.id });
  await load.more(more);
  await load.stop();
  return next;
}
