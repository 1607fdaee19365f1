import path from 'node:path';
import { decodeCacheOptions } from '#buildkit/cache-options.ts';
import { decodeExporters } from '#buildkit/exporter-options.ts';
import { decodeFrontendOptions } from '#buildkit/frontend-options.ts';
import type { Job } from '#buildkit/jobs.ts';
import { createLintReport } from '#buildkit/lint-report.ts';
import { openContext } from '#buildkit/open-context.ts';
import { openAgentSocket } from '#buildkit/session/agent-socket.ts';
import { fetchCredentials, fetchSecret } from '#buildkit/session/offers.ts';
import type { Session, Sessions } from '#buildkit/session/sessions.ts';
import type { BuildEvent, BuildService, BuildSettings } from '#engine/builds.ts';
import { DhowError } from '#errors/error.ts';
import { parseReference } from '#image/reference.ts';

export interface RunBuildParts {
  builds: Pick<BuildService, 'build'>;
  sessions: Sessions;
  /** For sockets of agents. */
  directory: string;
}

/**
 * Builds what a frontend with its options would: the Dockerfile frontend, which is the builder itself.
 * @returns what a client that asked for something else than an image gets, by name
 * @throws Unsupported naming what cannot be done; what the build throws
 */
export async function runBuild(
  { builds, sessions, directory }: RunBuildParts,
  job: Job,
  frontend: string,
  frontendOptions: ReadonlyMap<string, string>,
): Promise<ReadonlyMap<string, Uint8Array>> {
  if (frontend !== 'dockerfile.v0') {
    throw new DhowError(
      'Unsupported',
      `the frontend "${frontend.slice(0, 100)}" is not supported: the builder speaks the language of docker/dockerfile:1 itself`,
    );
  }
  const { request, progress, signal } = job;
  const options = decodeFrontendOptions(frontendOptions);
  const cache = decodeCacheOptions(request);
  const exported = decodeExporters(request);
  const session = await sessions.find(request.session, signal);
  await using undo = new AsyncDisposableStack();
  const findSession = (directory = ''): Promise<Session> =>
    sessions.find(options.sessions.get(directory) ?? request.session, signal);
  const { dockerfile, context } = await openContext(options, findSession, progress, signal);
  const lint = options.call === undefined ? undefined : createLintReport(options.call, dockerfile);
  const agents = new Map<string, Promise<string | undefined>>();

  async function openAgent(id: string): Promise<string | undefined> {
    const socket = await openAgentSocket(session, id, path.join(directory, 'agents'), signal);
    if (socket !== undefined) undo.use(socket);
    return socket?.path;
  }

  const settings: BuildSettings = {
    ...options.settings,
    ...{ dockerfile, context, contexts: options.contexts, annotations: exported.annotations },
    ...cache.settings,
    tags: [...exported.tags, ...cache.imageReferences.map((reference) => parseReference(reference))],
    allowInsecure: request.entitlements.includes('security.insecure'),
    secret: (id) => fetchSecret(session, id, signal),
    agent(id) {
      const agent = agents.get(id) ?? openAgent(id);
      agents.set(id, agent);
      return agent;
    },
    credentials: (registry) => fetchCredentials(session, registry, signal),
    keepFailed: false,
    checkOnly: lint !== undefined,
    onEvent(event: BuildEvent) {
      progress.onEvent(event);
      lint?.onEvent(event);
    },
    signal,
  };
  if (lint !== undefined) return await lint.during(() => builds.build(settings));
  job.result = await builds.build(settings);
  return new Map();
}
