import { rpcStatus, workerRecord } from '#buildkit/messages/control.ts';
import { bool, bytes, type MessageOf, many, mapOf, maybe, message, one, string } from '#grpc/message.ts';

/*
 * Package moby.buildkit.v1.frontend of BuildKit (frontend/gateway/pb/gateway.proto), by which buildx drives a build step by step.
 */

const anything = message({});

export const gatewaySolveRequest = message({
  definition: maybe(1, anything),
  frontend: one(2, string),
  frontendOptions: mapOf(3, string),
  frontendInputs: mapOf(13, anything),
  sourcePolicies: many(15, anything),
});
export type GatewaySolveRequest = MessageOf<typeof gatewaySolveRequest>;

const ref = message({ id: one(1, string) });
const result = message({ ref: maybe(3, ref), metadata: mapOf(10, bytes) });

export const gatewaySolveResponse = message({ result: maybe(3, result) });

export const returnRequest = message({ result: maybe(1, result), error: maybe(2, rpcStatus) });

/** Of package moby.buildkit.v1.apicaps (util/apicaps/pb/caps.proto). */
const capability = message({ id: one(1, string), enabled: one(2, bool) });

export const pong = message({
  frontendCapabilities: many(1, capability),
  buildCapabilities: many(2, capability),
  workers: many(3, workerRecord),
});

export const warnRequest = message({ digest: one(1, string) });
