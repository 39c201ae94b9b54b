/** The one scene of all libraries: `kill -9` ends their master while they are called without a pause, and they are called on with its successor. */
import type { ReadyProcess } from "../../cli/up-report.ts";
import type { WriteLoad } from "../cluster/redis-clients.ts";
import type { UpCluster } from "../process/up-cluster.ts";

/** @returns the successor, once so many more calls have succeeded since it was named and no call is under way any more. */
export async function failOverUnder(cluster: UpCluster, load: WriteLoad, more = 100): Promise<ReadyProcess> {
  const old = await cluster.killMaster();
  const next = await cluster.master(old.id);
  await load.more(more);
  await load.stop();
  return next;
}
