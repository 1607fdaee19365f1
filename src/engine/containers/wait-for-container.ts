import { findContainer, isLive } from '#engine/containers/lookup.ts';
import type { ContainerContext } from '#engine/containers/parts.ts';
import type { ExitNotice } from '#engine/containers/wait.ts';

/** See `ContainerService.wait`. Takes no lock; the conditions are Docker's. */
export async function waitForContainer(
  context: ContainerContext,
  nameOrId: string,
  condition: 'not-running' | 'next-exit' | 'removed',
  signal: AbortSignal,
): Promise<ExitNotice> {
  const record = findContainer(context.table, nameOrId);
  if (condition === 'removed') return context.waiters.wait(record.id, 'removed', signal);
  if (condition === 'not-running' && !isLive(record) && record.state.status !== 'restarting') {
    return { exitCode: record.state.exitCode, ...(record.state.error ? { error: record.state.error } : {}) };
  }
  return context.waiters.wait(record.id, 'exit', signal);
}
