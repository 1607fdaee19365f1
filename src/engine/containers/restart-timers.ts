/** Restarts that wait for their back-off. */
export interface RestartTimers {
  schedule(id: string, delayMs: number, start: () => Promise<void>): void;
  /** The delay of the latest scheduled restart in milliseconds; 0 if the container was started by a client since. */
  lastDelay(id: string): number;
  /** Forgets the container, and its restart if one is waiting. */
  cancel(id: string): void;
  cancelAll(): void;
}

export function createRestartTimers(onFailure: (id: string, error: unknown) => void): RestartTimers {
  const timers = new Map<string, NodeJS.Timeout>();
  const delays = new Map<string, number>();
  return {
    schedule(id, delayMs, start) {
      clearTimeout(timers.get(id));
      delays.set(id, delayMs);
      const timer = setTimeout(() => {
        timers.delete(id);
        start().catch((error: unknown) => onFailure(id, error));
      }, delayMs);
      timers.set(id, timer);
    },
    lastDelay: (id) => delays.get(id) ?? 0,
    cancel(id) {
      clearTimeout(timers.get(id));
      timers.delete(id);
      delays.delete(id);
    },
    cancelAll() {
      for (const timer of timers.values()) clearTimeout(timer);
      timers.clear();
      delays.clear();
    },
  };
}
