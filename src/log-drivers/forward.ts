import { setTimeout as delay } from 'node:timers/promises';
import { messageOf } from '#errors/error.ts';
import { createLineAssembly } from '#log-drivers/assemble.ts';
import { isBefore, openCursor } from '#log-drivers/cursor.ts';
import type { LogDestination, LogRecord } from '#log-drivers/destination.ts';
import { followLog, type LogPosition } from '#runtime/read-logs.ts';

export interface Forwarding {
  /** The container's log as conmon writes it. */
  log: string;
  /** File that keeps how far the log has been sent. Not beside the log, whose directory is watched. */
  cursor: string;
  open(): Promise<LogDestination>;
  /** Resolves when nothing more will be written in this run of the container. */
  ended: Promise<void>;
  signal: AbortSignal;
  /** Told when the destination does not take a record, once for all its tries. */
  onTrouble(message: string): void;
}

const firstRetryMs = 100;
const longestRetryMs = 5000;

/**
 * Sends a container's log to its destination, from where the last one who did stopped, until the run has ended and everything is sent.
 * A destination that is not there is tried again and again: meanwhile the output waits in the log's files, within their limits.
 *
 * How far it came is noted after each record, so a daemon that is killed sends at most one record twice: the one that it died over.
 * @throws the signal's reason when it is aborted
 */
export async function forwardLog(forwarding: Forwarding): Promise<void> {
  const { log, ended, signal } = forwarding;
  using cursor = openCursor(forwarding.cursor);
  using sender = createSender(forwarding);
  const assembly = createLineAssembly();
  const sent = cursor.read();
  const start = isBefore(sent.stdout, sent.stderr) ? sent.stdout : sent.stderr;
  let last = start;

  function noteSent(stream: LogRecord['stream'], position: LogPosition): void {
    const other = stream === 'stdout' ? 'stderr' : 'stdout';
    sent[stream] = position;
    // What was read of the other stream has been sent too, except for the begin of a line.
    if (!assembly.holds(other)) sent[other] = position;
    cursor.write(sent);
  }

  for await (const { entry, next } of followLog(log, start, { ended, signal })) {
    last = next;
    // One stream can be behind the other, by an unfinished line.
    if (!isBefore(sent[entry.stream], next)) continue;
    const record = assembly.add(entry);
    if (record === undefined) continue;
    await sender.send(record);
    noteSent(entry.stream, next);
  }
  for (const record of assembly.flush()) {
    await sender.send(record);
    noteSent(record.stream, last);
  }
}

interface Sender extends Disposable {
  send(record: LogRecord): Promise<void>;
}

function createSender({ open, signal, onTrouble }: Forwarding): Sender {
  let destination: LogDestination | undefined;
  function close(): void {
    destination?.close();
    destination = undefined;
  }
  // Ends a send to somebody who does not take it.
  signal.addEventListener('abort', close, { once: true });
  return {
    async send(record) {
      for (let wait = firstRetryMs; ; wait = Math.min(wait * 2, longestRetryMs)) {
        signal.throwIfAborted();
        try {
          destination ??= await open();
          await destination.send(record);
          return;
        } catch (error) {
          close();
          signal.throwIfAborted();
          if (wait === firstRetryMs) onTrouble(messageOf(error));
        }
        await delay(wait, undefined, { signal });
      }
    },
    [Symbol.dispose]() {
      signal.removeEventListener('abort', close);
      close();
    },
  };
}
