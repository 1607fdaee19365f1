import type { ContainerContext } from '#engine/containers/parts.ts';
import { launch } from '#engine/containers/start.ts';
import type { ContainerRecord } from '#engine/containers/table.ts';
import { messageOf } from '#errors/error.ts';

/** Starts a container in state `restarting` after the delay, unless somebody takes the restart from it before. */
export function scheduleRestart(context: ContainerContext, record: ContainerRecord, delayMs: number): void {
  context.restarts.schedule(record.id, delayMs, async () => {
    using _lock = await context.locks.acquire(record.id);
    if (record.state.status !== 'restarting') return;
    record.restartCount += 1;
    try {
      await launch(context, record);
    } catch (error) {
      context.log.warn('restart failed', { container: record.id, error: messageOf(error) });
    }
  });
}
