import type { AttachSession } from '#engine/containers.ts';
import type { LogEntry } from '#runtime/logs.ts';
import type { StdioConnection } from '#runtime/runtime.ts';

type OutputPacket = { stream: 'stdout' | 'stderr'; bytes: Uint8Array };

export interface StreamWishes {
  stdin: boolean;
  stdout: boolean;
  stderr: boolean;
}

/**
 * Sessions of clients that attached before their container started. A start connects them after the process exists and before
 * it runs, so they miss nothing; a start that fails ends them.
 */
export interface AttachHub {
  /** Waits for the next start of the container. */
  openPending(id: string, terminal: boolean, wishes: StreamWishes): AttachSession;
  hasPending(id: string): boolean;
  /** Gives each pending session a connection of its own. */
  connect(id: string, connect: (options: { observer: boolean }) => Promise<StdioConnection>): Promise<void>;
  /** Ends what still waits: the start failed or the container is gone. */
  abandon(id: string): void;
}

interface Pending {
  observer: boolean;
  resolve(connection: StdioConnection | undefined): void;
}

export function createAttachHub(): AttachHub {
  const pending = new Map<string, Set<Pending>>();

  function take(id: string): Pending[] {
    const group = pending.get(id);
    pending.delete(id);
    return [...(group ?? [])];
  }

  return {
    openPending(id, terminal, wishes) {
      const { promise, resolve } = Promise.withResolvers<StdioConnection | undefined>();
      const entry = { observer: !wishes.stdin, resolve };
      const group = pending.get(id) ?? new Set();
      group.add(entry);
      pending.set(id, group);
      return createSession(terminal, promise, wishes, () => {
        group.delete(entry);
        if (group.size === 0 && pending.get(id) === group) pending.delete(id);
        resolve(undefined);
      });
    },
    hasPending: (id) => pending.has(id),
    async connect(id, connect) {
      for (const { observer, resolve } of take(id)) resolve(await connect({ observer }));
    },
    abandon(id) {
      for (const entry of take(id)) entry.resolve(undefined);
    },
  };
}

/** A session over a connection that exists or will; `onClose` is called once when the client closes it. */
export function createSession(
  terminal: boolean,
  connection: Promise<StdioConnection | undefined>,
  wishes: StreamWishes,
  onClose: () => void = () => {},
): AttachSession {
  let closed = false;

  async function* output(): AsyncGenerator<OutputPacket> {
    const stdio = await connection;
    if (!stdio || closed) return;
    if (!wishes.stdout && !wishes.stderr && !wishes.stdin) return;
    for await (const packet of stdio.output) {
      if (packet.stream === 'stdout' ? wishes.stdout : wishes.stderr) yield packet;
    }
  }

  function whenConnected(act: (stdio: StdioConnection) => void): void {
    connection.then(
      (stdio) => stdio && act(stdio),
      () => {}, // A connection that failed has ended the output with its error.
    );
  }

  return {
    terminal,
    output: output(),
    async write(bytes) {
      if (!wishes.stdin || closed) return;
      const stdio = await connection;
      await stdio?.write(bytes);
    },
    closeInput() {
      if (wishes.stdin) whenConnected((stdio) => stdio.closeInput());
    },
    close() {
      if (closed) return;
      closed = true;
      onClose();
      whenConnected((stdio) => stdio.close());
    },
  };
}

/** The session, with a word to `tell` when its user leaves it by the detach keys. */
export function tellingOfDetach(session: AttachSession, tell: () => void): AttachSession {
  return {
    ...session,
    close(how) {
      if (how === 'detached') tell();
      session.close();
    },
  };
}

/**
 * A session whose output is the container's log from its beginning, going on live: nothing between what was logged and what comes
 * is lost or doubled, because both are one file. `input` carries the client's stdin, if it attached that.
 */
export function createLogSession(
  terminal: boolean,
  entries: AsyncIterable<LogEntry>,
  input: AttachSession | undefined,
  onClose: () => void,
): AttachSession {
  async function* output(): AsyncGenerator<OutputPacket> {
    for await (const entry of entries) yield { stream: entry.stream, bytes: entry.bytes };
  }
  return {
    terminal,
    output: output(),
    write: async (bytes) => input?.write(bytes),
    closeInput: () => input?.closeInput(),
    close() {
      onClose();
      input?.close();
    },
  };
}
