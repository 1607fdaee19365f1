import type { EngineEvent, EventService } from '#engine/events.ts';
import { DhowError } from '#errors/error.ts';

/** Docker keeps 256 events for `--since`. */
const KEPT_EVENTS = 1000;
/** A subscriber that is further behind than this loses its subscription. */
const LONGEST_QUEUE = 10_000;

interface Subscriber {
  push(event: EngineEvent): void;
}

export function createEventService(clock: () => Date = () => new Date()): EventService & {
  subscriberCount(): number;
} {
  const kept: EngineEvent[] = [];
  const subscribers = new Set<Subscriber>();

  async function* watch(options: {
    since?: Date;
    until?: Date;
    signal: AbortSignal;
  }): AsyncGenerator<EngineEvent> {
    const { since, until, signal } = options;
    const queue = since ? kept.filter((event) => event.time >= since) : [];
    let wake = Promise.withResolvers<void>();
    let overflown = false;
    const subscriber: Subscriber = {
      push(event) {
        if (queue.length >= LONGEST_QUEUE) overflown = true;
        else queue.push(event);
        wake.resolve();
      },
    };
    const end = () => wake.resolve();
    const timer = until ? setTimeout(end, Math.max(0, until.getTime() - clock().getTime())) : undefined;
    signal.addEventListener('abort', end, { once: true });
    subscribers.add(subscriber);
    try {
      while (true) {
        for (let event = queue.shift(); event; event = queue.shift()) {
          if (until && event.time > until) return;
          yield event;
        }
        if (overflown)
          throw new DhowError('Unavailable', 'this client reads events too slowly: some were dropped');
        if (signal.aborted || (until && clock() >= until)) return;
        await wake.promise;
        wake = Promise.withResolvers();
      }
    } finally {
      subscribers.delete(subscriber);
      clearTimeout(timer);
      signal.removeEventListener('abort', end);
    }
  }

  return {
    emit(event) {
      const complete = { ...event, time: clock() };
      kept.push(complete);
      if (kept.length > KEPT_EVENTS) kept.shift();
      for (const subscriber of subscribers) subscriber.push(complete);
    },
    watch,
    subscriberCount: () => subscribers.size,
  };
}
