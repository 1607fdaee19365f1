/** What a waiter learns of an exit. */
export interface ExitNotice {
  exitCode: number;
  error?: string;
}

/** Those who wait for a container to exit or to be gone. */
export interface Waiters {
  wait(id: string, condition: 'exit' | 'removed', signal: AbortSignal): Promise<ExitNotice>;
  wake(id: string, condition: 'exit' | 'removed', notice: ExitNotice): void;
}

export function createWaiters(): Waiters {
  const waiting = new Map<string, Set<(notice: ExitNotice) => void>>();
  return {
    wait(id, condition, signal) {
      const key = `${condition} ${id}`;
      return new Promise((resolve, reject) => {
        signal.throwIfAborted();
        const group = waiting.get(key) ?? new Set();
        waiting.set(key, group);
        function settle(notice: ExitNotice): void {
          signal.removeEventListener('abort', abort);
          resolve(notice);
        }
        function abort(): void {
          group.delete(settle);
          if (group.size === 0) waiting.delete(key);
          reject(signal.reason);
        }
        group.add(settle);
        signal.addEventListener('abort', abort, { once: true });
      });
    },
    wake(id, condition, notice) {
      const key = `${condition} ${id}`;
      const group = waiting.get(key);
      waiting.delete(key);
      for (const settle of group ?? []) settle(notice);
    },
  };
}
