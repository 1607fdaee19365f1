import fs from 'node:fs';
import type { IncomingHttpHeaders } from 'node:http';
import path from 'node:path';
import type { Duplex } from 'node:stream';
import { controlMethods } from '#buildkit/control.ts';
import { gatewayMethods } from '#buildkit/gateway.ts';
import { createJobs } from '#buildkit/jobs.ts';
import { createSessions } from '#buildkit/session/sessions.ts';
import { describeWorker } from '#buildkit/worker.ts';
import type { BuildService } from '#engine/builds.ts';
import type { ImageService } from '#engine/images.ts';
import { createGrpcServer } from '#grpc/server.ts';
import type { Platform } from '#image/platform.ts';
import type { Log } from '#log/log.ts';

/**
 * BuildKit's API (github.com/moby/buildkit, api/services/control), by which `docker build`, buildx and Compose build since Docker 23:
 * gRPC on connections that the Engine API gives up (`POST /grpc`), and sessions by which the daemon asks the client for files,
 * secrets, agents and credentials (`POST /session`).
 */
export interface Buildkit {
  /** @param signal ends the connection */
  serveControl(connection: Duplex, signal: AbortSignal): void;
  /** @throws InvalidParameter, Conflict */
  acceptSession(connection: Duplex, headers: IncomingHttpHeaders): void;
}

export interface BuildkitParts {
  builds: BuildService;
  images: Pick<ImageService, 'find' | 'push' | 'remove' | 'save'>;
  hostPlatform: Platform;
  version: string;
  /** Its own, for sockets. */
  directory: string;
  log: Log;
}

export function createBuildkit(parts: BuildkitParts): Buildkit {
  fs.rmSync(path.join(parts.directory, 'agents'), { recursive: true, force: true });
  const sessions = createSessions();
  const shared = {
    ...{ builds: parts.builds, images: parts.images, directory: parts.directory },
    ...{ sessions, jobs: createJobs(), worker: describeWorker(parts.hostPlatform, parts.version) },
  };
  const server = createGrpcServer({
    methods: [...controlMethods(shared), ...gatewayMethods(shared)],
    onError: (method, error) => parts.log.debug('build call failed', { method, error: String(error) }),
  });
  return {
    serveControl: (connection, signal) => server.serve(connection, signal),
    acceptSession: (connection, headers) => sessions.accept(connection, headers),
  };
}
