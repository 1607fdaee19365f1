import { type Duplex, duplexPair } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { parseCacheFilters, recordTypes } from '#buildkit/cache-filters.ts';
import { decodeExporters } from '#buildkit/exporter-options.ts';
import { type ExportParts, exportResult } from '#buildkit/exports.ts';
import type { Jobs } from '#buildkit/jobs.ts';
import {
  diskUsageRequest,
  diskUsageResponse,
  empty,
  infoResponse,
  listWorkersResponse,
  type PruneRequest,
  pruneRequest,
  type SolveRequest,
  solveRequest,
  solveResponse,
  statusRequest,
  statusResponse,
  type UsageRecord,
  usageRecord,
} from '#buildkit/messages/control.ts';
import { chunk } from '#buildkit/messages/session.ts';
import { timestampOf } from '#buildkit/messages/timestamp.ts';
import { type RunBuildParts, runBuild } from '#buildkit/run-build.ts';
import type { Worker } from '#buildkit/worker.ts';
import type { BuildService, CachedBuildStep } from '#engine/builds.ts';
import { abortable } from '#errors/abortable.ts';
import { DhowError } from '#errors/error.ts';
import { bidirectional, type Method, serverStreaming, unary } from '#grpc/server.ts';

export interface ControlParts extends RunBuildParts, ExportParts {
  builds: BuildService;
  jobs: Jobs;
  worker: Worker;
}

const service = '/moby.buildkit.v1.Control';

/** The service by which clients of BuildKit ask for builds, follow them, and look after the cache. */
export function controlMethods(parts: ControlParts): Method[] {
  const { builds, jobs, worker } = parts;

  async function solve(request: SolveRequest, signal: AbortSignal): Promise<Map<string, string>> {
    refuse(request);
    using job = jobs.open(request, signal);
    // Before anything is built.
    decodeExporters(request);
    if (request.frontend !== '') await runBuild(parts, job, request.frontend, request.frontendAttributes);
    else await abortable(job.driven.promise, signal);
    return await exportResult(parts, job);
  }

  return [
    unary(`${service}/Solve`, solveRequest, solveResponse, async (request, { signal }) => ({
      exporterResponse: await solve(request, signal),
    })),
    serverStreaming(
      `${service}/Status`,
      statusRequest,
      statusResponse,
      async function* (request, { signal }) {
        yield* (await jobs.find(request.ref, signal)).progress.updates(signal);
      },
    ),
    bidirectional(`${service}/Session`, chunk, chunk, (chunks, { headers }) => {
      const [near, far] = duplexPair();
      parts.sessions.accept(far, headers);
      return tunnel(chunks, near);
    }),
    unary(`${service}/ListWorkers`, empty, listWorkersResponse, () => ({ records: [worker.record] })),
    unary(`${service}/Info`, empty, infoResponse, () => ({ version: worker.version })),
    unary(`${service}/DiskUsage`, diskUsageRequest, diskUsageResponse, ({ filters }) => {
      return { records: builds.cache().filter(parseCacheFilters(filters)).map(encodeUsage) };
    }),
    serverStreaming(`${service}/Prune`, pruneRequest, usageRecord, (request) => prune(builds, request)),
  ];
}

/** A connection whose bytes pass in the messages of a call: a session of a client that has no other way to open one. */
async function* tunnel(
  incoming: AsyncIterable<{ data: Uint8Array }>,
  connection: Duplex,
): AsyncGenerator<{ data: Uint8Array }> {
  async function* bytes(): AsyncGenerator<Uint8Array> {
    for await (const { data } of incoming) yield data;
  }
  // Either way the connection is over.
  pipeline(bytes, connection).catch(() => connection.destroy());
  for await (const data of connection) yield { data };
}

function refuse({ definition, frontend, frontendInputs, sourcePolicy }: SolveRequest): void {
  if (definition !== undefined || (frontend === '' && frontendInputs.size > 0)) {
    throw new DhowError('Unsupported', 'build graphs (LLB) are not supported: build from a Dockerfile');
  }
  if (frontendInputs.size > 0)
    throw new DhowError('Unsupported', 'contexts that are build graphs are not supported');
  if (sourcePolicy !== undefined) throw new DhowError('Unsupported', 'source policies are not supported');
}

function encodeUsage(row: CachedBuildStep): UsageRecord {
  return usageRecord.create({
    id: row.key,
    mutable: row.kind === 'mount',
    size: BigInt(row.sizeBytes),
    createdAt: timestampOf(row.createdAt),
    lastUsedAt: timestampOf(row.lastUsedAt),
    usageCount: BigInt(row.uses),
    description: row.description,
    recordType: recordTypes[row.kind],
    shared: row.shared,
  });
}

/** Tells of each row that went. Without `all` those stay that an image or a container has too: nothing would be freed. */
async function* prune(builds: BuildService, request: PruneRequest): AsyncGenerator<UsageRecord> {
  if (request.minFreeSpace > 0n) throw new DhowError('Unsupported', '--min-free-space is not supported');
  const matches = parseCacheFilters(request.filters);
  const unusedSince = Date.now() - Number(request.keepDuration / 1_000_000n);
  const before = new Map(builds.cache().map((row) => [row.key, row]));
  const keepBytes = Math.max(Number(request.reservedSpace), Number(request.maxUsedSpace));
  const { removed } = await builds.prune({
    isWanted: (row) =>
      (request.all || !row.shared) &&
      (request.keepDuration === 0n || row.lastUsedAt.getTime() < unusedSince) &&
      matches(row),
    ...(keepBytes > 0 ? { keepBytes } : {}),
  });
  for (const key of removed) {
    const row = before.get(key);
    if (row !== undefined) yield encodeUsage(row);
  }
}
