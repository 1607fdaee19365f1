import type { BuildService } from '#engine/builds.ts';
import { messageOf } from '#errors/error.ts';
import type { Log } from '#log/log.ts';
import type { Collector } from '#store/collector.ts';
import type { Database } from '#store/database.ts';

/** What builds may keep of their steps and cache mounts: those that were not used for so long, cut back to so many bytes. */
export interface BuildCacheRule {
  keepBytes: number;
  unusedForMs: number;
}

export interface UpkeepParts {
  database: Pick<Database, 'snapshot'>;
  collector: Pick<Collector, 'collect'>;
  builds: Pick<BuildService, 'prune'>;
  buildCacheRules: readonly BuildCacheRule[];
  /** What a pull that broke off has brought stays for so long. */
  keepUnfinishedMs: number;
  /** Between rounds; 0: there are none. */
  intervalMs: number;
  log: Log;
}

/** Work that nobody asked for: what nobody needs is removed, and the database copied, in rounds. Disposing waits for the one under way. */
export function startUpkeep(parts: UpkeepParts): AsyncDisposable {
  const { intervalMs } = parts;
  let round: Promise<void> | undefined;
  const timer =
    intervalMs === 0
      ? undefined
      : setInterval(() => {
          round ??= doRound(parts).finally(() => {
            round = undefined;
          });
        }, intervalMs).unref();
  return {
    async [Symbol.asyncDispose]() {
      clearInterval(timer);
      await round;
    },
  };
}

/** One duty that fails does not keep the next from being done. Never rejects. */
async function doRound(parts: UpkeepParts): Promise<void> {
  const { database, collector, builds, buildCacheRules, keepUnfinishedMs, log } = parts;
  async function duty(name: string, body: () => Promise<number>): Promise<void> {
    try {
      const freedBytes = await body();
      if (freedBytes > 0) log.info(name, { freedBytes });
    } catch (error) {
      log.error(`${name} failed`, { error: messageOf(error) });
    }
  }
  for (const { keepBytes, unusedForMs } of buildCacheRules) {
    await duty('build-cache-cut', async () => {
      const limit = new Date(Date.now() - unusedForMs);
      return (await builds.prune({ keepBytes, isWanted: ({ lastUsedAt }) => lastUsedAt < limit })).freedBytes;
    });
  }
  await duty('garbage-collected', async () => {
    return (await collector.collect(new Date(Date.now() - keepUnfinishedMs))).freedBytes;
  });
  await duty('database-copied', async () => {
    await database.snapshot();
    return 0;
  });
}
