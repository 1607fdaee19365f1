import type { IncomingHttpHeaders } from 'node:http';
import type { Job, Jobs } from '#buildkit/jobs.ts';
import { empty } from '#buildkit/messages/control.ts';
import {
  type GatewaySolveRequest,
  gatewaySolveRequest,
  gatewaySolveResponse,
  pong,
  returnRequest,
  warnRequest,
} from '#buildkit/messages/gateway.ts';
import { type RunBuildParts, runBuild } from '#buildkit/run-build.ts';
import type { Worker } from '#buildkit/worker.ts';
import { DhowError } from '#errors/error.ts';
import { type Call, type Method, unary } from '#grpc/server.ts';
import { errorOf } from '#grpc/status.ts';

export interface GatewayParts extends RunBuildParts {
  jobs: Jobs;
  worker: Worker;
}

const service = '/moby.buildkit.v1.frontend.LLBBridge';

/** What of the frontend's interface there is (frontend/gateway/pb/caps.go): clients go by it. */
const capabilities = [
  'solve.base',
  'return',
  'returnmap',
  'proto.refarray',
  'gateway.solve.metadata',
  'frontend.caps',
];

/** The service by which buildx drives a build: it asks for a result, and returns it when it has seen enough of it. */
export function gatewayMethods(parts: GatewayParts): Method[] {
  const { jobs, worker } = parts;

  function jobOf({ headers, signal }: Call): Promise<Job> {
    return jobs.find(refOf(headers), signal);
  }

  async function solve(request: GatewaySolveRequest, call: Call): Promise<ReadonlyMap<string, Uint8Array>> {
    if (request.definition !== undefined || request.frontendInputs.size > 0) {
      throw new DhowError('Unsupported', 'build graphs (LLB) are not supported: build from a Dockerfile');
    }
    if (request.sourcePolicies.length > 0) {
      throw new DhowError('Unsupported', 'source policies are not supported');
    }
    return runBuild(parts, await jobOf(call), request.frontend, request.frontendOptions);
  }

  return [
    unary(`${service}/Ping`, empty, pong, () => ({
      frontendCapabilities: capabilities.map((id) => ({ id, enabled: true })),
      workers: [worker.record],
    })),
    unary(`${service}/Solve`, gatewaySolveRequest, gatewaySolveResponse, async (request, call) => ({
      // There is one result of a build, so its name means nothing.
      result: { ref: { id: 'result' }, metadata: await solve(request, call) },
    })),
    unary(`${service}/Return`, returnRequest, empty, async ({ error }, call) => {
      const { driven } = await jobOf(call);
      if (error === undefined || error.code === 0) driven.resolve();
      else driven.reject(errorOf(error));
      return {};
    }),
    // Of a client about its own doings.
    unary(`${service}/Warn`, warnRequest, empty, () => ({})),
  ];
}

function refOf(headers: IncomingHttpHeaders): string {
  return String(headers['buildkit-controlapi-buildid'] ?? '');
}
