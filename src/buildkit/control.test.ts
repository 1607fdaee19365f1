import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type ControlParts, controlMethods } from '#buildkit/control.ts';
import {
  diskUsageRequest,
  diskUsageResponse,
  pruneRequest,
  usageRecord,
} from '#buildkit/messages/control.ts';
import type { BuildService, CachedBuildStep } from '#engine/builds.ts';

const hourMs = 3_600_000;
const row = (key: string, more: Partial<CachedBuildStep> = {}): CachedBuildStep => ({
  ...{ key, kind: 'step', description: key, sizeBytes: 1, shared: false, uses: 1 },
  ...{ createdAt: new Date(), lastUsedAt: new Date(), ...more },
});
const rows = [
  row('new'),
  row('old', { lastUsedAt: new Date(Date.now() - 2 * hourMs) }),
  row('shared', { shared: true, lastUsedAt: new Date(Date.now() - 2 * hourMs) }),
  row('mount', { kind: 'mount' }),
];

/** Calls a method of the service on a cache with these rows. */
async function call(name: string, request: Uint8Array): Promise<Uint8Array[]> {
  const builds: Partial<BuildService> = {
    cache: () => rows,
    prune: async ({ isWanted = () => true }) => ({
      removed: rows.filter(isWanted).map(({ key }) => key),
      freedBytes: 0,
    }),
  };
  const parts: Partial<ControlParts> = { builds: builds as BuildService };
  const method = controlMethods(parts as ControlParts).find(({ path }) => path.endsWith(`/${name}`));
  assert.ok(method);
  const requests = (async function* () {
    yield request;
  })();
  return Array.fromAsync(method.answer(requests, { headers: {}, signal: new AbortController().signal }));
}

async function pruned(request: Parameters<typeof pruneRequest.encode>[0]): Promise<string[]> {
  return (await call('Prune', pruneRequest.encode(request))).map((bytes) => usageRecord.decode(bytes).id);
}

test('what is pruned is what was asked for', async () => {
  assert.deepEqual(await pruned({}), ['new', 'old', 'mount']);
  assert.deepEqual(await pruned({ all: true }), ['new', 'old', 'shared', 'mount']);
  assert.deepEqual(await pruned({ keepDuration: BigInt(hourMs) * 1_000_000n }), ['old']);
  assert.deepEqual(await pruned({ filters: ['type==regular'] }), ['new', 'old']);
});

test('what is listed is what was asked for', async () => {
  const [bytes] = await call('DiskUsage', diskUsageRequest.encode({ filters: ['mutable'] }));
  assert.ok(bytes);
  assert.deepEqual(
    diskUsageResponse.decode(bytes).records.map(({ id }) => id),
    ['mount'],
  );
});
