import assert from 'node:assert/strict';
import { mock, test } from 'node:test';
import type { CachedBuildStep } from '#engine/builds.ts';
import { startUpkeep, type UpkeepParts } from '#engine/upkeep.ts';
import { silentLog } from '#log/log.ts';

function cached(lastUsedAt: number): CachedBuildStep {
  const [createdAt, used] = [new Date(0), new Date(lastUsedAt)];
  const names = { key: 'a', kind: 'step', description: '' } as const;
  return { ...names, sizeBytes: 1, createdAt, lastUsedAt: used, uses: 1, shared: false };
}

test('a round does every duty, also when one fails, and there is one round at a time', async () => {
  mock.timers.enable({ apis: ['setInterval', 'Date'], now: 1_000_000 });
  const done: string[] = [];
  const errors: string[] = [];
  const blocked = Promise.withResolvers<void>();
  const parts: UpkeepParts = {
    buildCacheRules: [
      { keepBytes: 5, unusedForMs: 10_000 },
      { keepBytes: 50, unusedForMs: 0 },
    ],
    keepUnfinishedMs: 3_000,
    intervalMs: 1_000,
    builds: {
      async prune({ keepBytes, isWanted }) {
        const ages = [0, 9_999, 10_001].filter((age) => isWanted?.(cached(Date.now() - age)));
        done.push(`cut to ${keepBytes} what is ${ages}`);
        if (keepBytes === 5) throw new Error('busy');
        return { removed: [], freedBytes: 0 };
      },
    },
    collector: {
      async collect(addedBefore) {
        done.push(`collect of before ${addedBefore?.getTime()}`);
        return { removedLayers: [], freedBytes: 7 };
      },
    },
    database: {
      async snapshot() {
        done.push('copy');
        await blocked.promise;
      },
    },
    log: { ...silentLog, error: (event, fields) => void errors.push(`${event}: ${fields?.['error']}`) },
  };
  try {
    const upkeep = startUpkeep(parts);
    mock.timers.tick(3_000);
    blocked.resolve();
    await upkeep[Symbol.asyncDispose]();
    mock.timers.tick(10_000);
    assert.deepEqual(done, [
      'cut to 5 what is 10001',
      'cut to 50 what is 9999,10001',
      'collect of before 1000000',
      'copy',
    ]);
    assert.deepEqual(errors, ['build-cache-cut failed: busy']);
  } finally {
    mock.timers.reset();
  }
});

test('without an interval nothing is done', async () => {
  mock.timers.enable({ apis: ['setInterval'] });
  try {
    const refuse = async (): Promise<never> => assert.fail('called');
    const parts = { buildCacheRules: [], keepUnfinishedMs: 0, intervalMs: 0, log: silentLog };
    await using _upkeep = startUpkeep({
      ...parts,
      ...{ builds: { prune: refuse }, collector: { collect: refuse }, database: { snapshot: refuse } },
    });
    mock.timers.tick(1e9);
  } finally {
    mock.timers.reset();
  }
});
