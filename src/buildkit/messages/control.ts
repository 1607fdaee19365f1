import { timestamp } from '#buildkit/messages/timestamp.ts';
import {
  bool,
  bytes,
  int32,
  int64,
  type MessageOf,
  many,
  mapOf,
  maybe,
  message,
  one,
  string,
} from '#grpc/message.ts';

/*
 * Package moby.buildkit.v1 of BuildKit (api/services/control/control.proto): the fields that Dhow reads or tells. What it must
 * refuse is decoded, too.
 */

export const empty = message({});

/** An opaque message, of which only matters whether it is there. */
const anything = message({});

const exporter = message({ type: one(1, string), attributes: mapOf(2, string) });
const cacheOption = message({ type: one(1, string), attributes: mapOf(2, string) });
const cacheOptions = message({ exports: many(4, cacheOption), imports: many(5, cacheOption) });

export const solveRequest = message({
  ref: one(1, string),
  definition: maybe(2, anything),
  session: one(5, string),
  frontend: one(6, string),
  frontendAttributes: mapOf(7, string),
  cache: maybe(8, cacheOptions),
  entitlements: many(9, string),
  frontendInputs: mapOf(10, anything),
  sourcePolicy: maybe(12, anything),
  exporters: many(13, exporter),
});
export type SolveRequest = MessageOf<typeof solveRequest>;

export const solveResponse = message({ exporterResponse: mapOf(1, string) });

export const statusRequest = message({ ref: one(1, string) });

const vertex = message({
  digest: one(1, string),
  inputs: many(2, string),
  name: one(3, string),
  cached: one(4, bool),
  started: maybe(5, timestamp),
  completed: maybe(6, timestamp),
  error: one(7, string),
});
export type Vertex = MessageOf<typeof vertex>;

const vertexStatus = message({
  id: one(1, string),
  vertex: one(2, string),
  name: one(3, string),
  current: one(4, int64),
  total: one(5, int64),
  timestamp: maybe(6, timestamp),
  started: maybe(7, timestamp),
  completed: maybe(8, timestamp),
});
export type VertexStatus = MessageOf<typeof vertexStatus>;

const vertexLog = message({
  vertex: one(1, string),
  timestamp: maybe(2, timestamp),
  stream: one(3, int64),
  message: one(4, bytes),
});
export type VertexLog = MessageOf<typeof vertexLog>;

const vertexWarning = message({
  vertex: one(1, string),
  level: one(2, int64),
  short: one(3, bytes),
  detail: many(4, bytes),
  url: one(5, string),
});
export type VertexWarning = MessageOf<typeof vertexWarning>;

export const statusResponse = message({
  vertexes: many(1, vertex),
  statuses: many(2, vertexStatus),
  logs: many(3, vertexLog),
  warnings: many(4, vertexWarning),
});
export type StatusResponse = MessageOf<typeof statusResponse>;

/** Of package pb (solver/pb/ops.proto). */
const platform = message({ architecture: one(1, string), os: one(2, string), variant: one(3, string) });

const version = message({ package: one(1, string), version: one(2, string), revision: one(3, string) });

export const workerRecord = message({
  id: one(1, string),
  labels: mapOf(2, string),
  platforms: many(3, platform),
  version: maybe(5, version),
});

export const listWorkersResponse = message({ records: many(1, workerRecord) });
export const infoResponse = message({ version: maybe(1, version) });

export const diskUsageRequest = message({ filters: many(1, string) });

const usageRecord = message({
  id: one(1, string),
  mutable: one(2, bool),
  inUse: one(3, bool),
  size: one(4, int64),
  createdAt: maybe(6, timestamp),
  lastUsedAt: maybe(7, timestamp),
  usageCount: one(8, int64),
  description: one(9, string),
  recordType: one(10, string),
  shared: one(11, bool),
});
export const diskUsageResponse = message({ records: many(1, usageRecord) });
export { usageRecord };
export type UsageRecord = MessageOf<typeof usageRecord>;

export const pruneRequest = message({
  filters: many(1, string),
  all: one(2, bool),
  /** Nanoseconds. */
  keepDuration: one(3, int64),
  reservedSpace: one(4, int64),
  maxUsedSpace: one(5, int64),
  minFreeSpace: one(6, int64),
});
export type PruneRequest = MessageOf<typeof pruneRequest>;

/** google.rpc.Status */
export const rpcStatus = message({ code: one(1, int32), message: one(2, string) });
