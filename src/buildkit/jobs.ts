import type { SolveRequest } from '#buildkit/messages/control.ts';
import { createProgress, type Progress } from '#buildkit/progress.ts';
import { createWaitingRoom } from '#buildkit/waiting-room.ts';
import type { BuildResult } from '#engine/builds.ts';

/** A build that a client asked for. Several calls of the client belong to it, by its `ref`. */
export interface Job {
  readonly request: SolveRequest;
  readonly progress: Progress;
  /** Aborted when the call that asked for the build ends. */
  readonly signal: AbortSignal;
  /** Settled by a client that drives the build itself, when it has what it wanted. */
  readonly driven: PromiseWithResolvers<void>;
  /** What was built last. */
  result: BuildResult | undefined;
}

export interface Jobs {
  /** @throws Conflict, InvalidParameter for the `ref` of the request */
  open(request: SolveRequest, signal: AbortSignal): Job & Disposable;
  /** @throws NotFound; the reason of `signal` */
  find(ref: string, signal: AbortSignal): Promise<Job>;
}

/** A quick build may be over before its client asks how it goes. */
const keptMilliseconds = 10_000;

export function createJobs(): Jobs {
  const room = createWaitingRoom<Job>('build');
  return {
    open(request, signal) {
      const driven = Promise.withResolvers<void>();
      // Nobody may be waiting when the client reports its failure.
      driven.promise.catch(() => {});
      const job: Job = { request, signal, driven, progress: createProgress(request.ref), result: undefined };
      room.add(request.ref, job);
      return Object.assign(job, {
        [Symbol.dispose]() {
          job.progress.end();
          setTimeout(() => room.remove(request.ref), keptMilliseconds).unref();
        },
      });
    },
    find: (ref, signal) => room.find(ref, signal),
  };
}
