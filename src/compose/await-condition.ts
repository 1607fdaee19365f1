import type { Client } from '#client/client.ts';
import { inspectContainer } from '#client/containers.ts';
import { watchEvents } from '#client/system.ts';
import { DhowError } from '#errors/error.ts';
import type { InspectState } from '#wire/container-inspect.ts';

export interface Awaited {
  readonly id: string;
  /** For messages. */
  readonly name: string;
  /** `ready`: healthy if it has a health check, else running. */
  readonly condition: 'healthy' | 'completed' | 'ready';
}

/**
 * Waits until a container is healthy, or has ended with 0.
 * @throws Conflict when it has come to an end from which it cannot get there; Cancelled on abort
 */
export async function awaitCondition(client: Client, awaited: Awaited, signal: AbortSignal): Promise<void> {
  const over = new AbortController();
  const until = AbortSignal.any([signal, over.signal]);
  // Watched before it is looked at, so that no change is missed.
  const events = await watchEvents(
    client,
    { filters: { type: ['container'], container: [awaited.id] } },
    until,
  );
  try {
    if (await isMet(client, awaited, signal)) return;
    for await (const { Action: action } of events) {
      // Health checks are processes, too, and tell of themselves.
      if (!action.startsWith('exec_') && (await isMet(client, awaited, signal))) return;
    }
    throw new DhowError(
      'Unavailable',
      `the daemon stopped telling what happens while ${awaited.name} was waited for`,
    );
  } finally {
    over.abort();
  }
}

async function isMet(
  client: Client,
  { id, name, condition }: Awaited,
  signal: AbortSignal,
): Promise<boolean> {
  const { State: state, HostConfig: host } = await inspectContainer(client, id, {}, signal);
  const fail = (problem: string) => new DhowError('Conflict', `container ${name} ${problem}`);
  const restarts = !['', 'no'].includes(host.RestartPolicy?.Name ?? '');
  const ended = hasEnded(state) && !restarts;
  if (condition === 'completed') {
    if (!hasEnded(state)) return false;
    if (state.ExitCode === 0) return true;
    if (restarts && state.Restarting) return false;
    throw fail(`did not complete successfully: exit code ${state.ExitCode}`);
  }
  const health = state.Health?.Status ?? 'none';
  if (ended) throw fail(`ended with exit code ${state.ExitCode} before it was ready`);
  if (health === 'healthy') return true;
  if (health === 'unhealthy') throw fail('is unhealthy');
  if (health !== 'none') return false;
  if (condition === 'ready') return state.Running;
  throw fail('has no health check, and another service waits for its health');
}

function hasEnded({ Running: running, Restarting: restarting, Status: status }: InspectState): boolean {
  return !running && !restarting && status !== 'created';
}
