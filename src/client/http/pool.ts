import type { Duplex } from 'node:stream';

/** Connections between two requests. They keep no process alive, and one that its peer closes is dropped. */
export interface ConnectionPool {
  take(): Duplex | undefined;
  give(stream: Duplex): void;
  close(): void;
}

const maximumIdle = 8;
/** Servers close idle connections after five seconds or more; a request must not cross with that. */
const maximumIdleMs = 3000;

export function createConnectionPool(): ConnectionPool {
  const idle: { stream: Duplex; since: number; forget: () => void }[] = [];

  return {
    take() {
      for (let kept = idle.pop(); kept !== undefined; kept = idle.pop()) {
        kept.forget();
        if (!kept.stream.destroyed && Date.now() - kept.since < maximumIdleMs) {
          setReferenced(kept.stream, true);
          return kept.stream;
        }
        kept.stream.on('error', () => {});
        kept.stream.destroy();
      }
      return undefined;
    },
    give(stream) {
      if (idle.length >= maximumIdle) {
        stream.on('error', () => {});
        stream.destroy();
        return;
      }
      const drop = () => {
        stream.destroy();
        const index = idle.findIndex((kept) => kept.stream === stream);
        if (index !== -1) idle.splice(index, 1);
      };
      const events = ['data', 'end', 'close', 'error'] as const;
      for (const event of events) stream.on(event, drop);
      const forget = () => {
        for (const event of events) stream.off(event, drop);
      };
      stream.resume();
      setReferenced(stream, false);
      idle.push({ stream, since: Date.now(), forget });
    },
    close() {
      for (const { stream } of idle.splice(0)) stream.destroy();
    },
  };
}

/** Sockets have `ref` and `unref`; the streams of an in-process transport do not hold the process anyway. */
function setReferenced(stream: Duplex & { ref?(): void; unref?(): void }, referenced: boolean): void {
  if (referenced) stream.ref?.();
  else stream.unref?.();
}
