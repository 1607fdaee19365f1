import { createHash } from 'node:crypto';
import {
  type StatusResponse,
  statusResponse,
  type Vertex,
  type VertexLog,
  type VertexStatus,
} from '#buildkit/messages/control.ts';
import { timestampOf } from '#buildkit/messages/timestamp.ts';
import type { BuildEvent, PlannedStep } from '#engine/builds.ts';

/** What a build tells its client, in BuildKit's words: vertices, and for each how far it is and what it prints. */
export interface Progress {
  onEvent(event: BuildEvent): void;
  /** Shows an action of the daemon's own as a vertex. */
  during<T>(name: string, action: () => Promise<T>): Promise<T>;
  /** No more will come. */
  end(): void;
  /** All that was told, in order, each once; ends with the build. */
  updates(signal: AbortSignal): AsyncGenerator<StatusResponse>;
}

/** What may wait for a client that does not read; then output is dropped. */
const maxUnreadLogBytes = 8 * 1024 * 1024;

export function createProgress(ref: string): Progress {
  const steps = new Map<number, Vertex>();
  let unread: StatusResponse[] = [];
  let unreadLogBytes = 0;
  let ended = false;
  let wake = Promise.withResolvers<void>();
  let actions = 0;

  function tell(update: Partial<StatusResponse>): void {
    unread.push(statusResponse.create(update));
    wake.resolve();
  }

  function digestOf(name: string): string {
    return `sha256:${createHash('sha256').update(`${ref} ${name}`).digest('hex')}`;
  }

  function tellVertex(vertex: Vertex | undefined, changes: Partial<Vertex>): void {
    if (vertex === undefined) return;
    Object.assign(vertex, changes);
    tell({ vertexes: [{ ...vertex }] });
  }

  function plan(planned: readonly PlannedStep[]): void {
    const stages = new Set(planned.map(({ stage }) => stage).filter(Boolean));
    for (const { id, stage, position, count, title } of planned) {
      const place = `${stages.size > 1 ? `${stage} ` : ''}${position}/${count}`;
      const name = stage === '' ? title : `[${place}] ${title}`;
      steps.set(id, emptyVertex(digestOf(`step ${id}`), name));
    }
  }

  function log(step: number, stream: 'stdout' | 'stderr', bytes: Uint8Array): void {
    const vertex = steps.get(step);
    if (vertex === undefined || unreadLogBytes > maxUnreadLogBytes) return;
    unreadLogBytes += bytes.length;
    const entry: VertexLog = {
      vertex: vertex.digest,
      timestamp: timestampOf(new Date()),
      stream: stream === 'stdout' ? 1n : 2n,
      message: bytes,
    };
    tell({ logs: [entry] });
  }

  function status(vertex: Vertex, id: string, count: Partial<VertexStatus>): VertexStatus {
    const now = timestampOf(new Date());
    return {
      ...{ id, vertex: vertex.digest, name: '', current: 0n, total: 0n },
      ...{ timestamp: now, started: now, completed: undefined },
      ...count,
    };
  }

  async function during<T>(name: string, action: () => Promise<T>): Promise<T> {
    const vertex = emptyVertex(digestOf(`action ${actions++}`), name);
    tellVertex(vertex, { started: timestampOf(new Date()) });
    try {
      const result = await action();
      tellVertex(vertex, { completed: timestampOf(new Date()) });
      return result;
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      tellVertex(vertex, { completed: timestampOf(new Date()), error: message });
      throw error;
    }
  }

  return {
    onEvent(event) {
      switch (event.type) {
        case 'plan':
          plan(event.steps);
          break;
        case 'started':
          tellVertex(steps.get(event.step), { started: timestampOf(event.at) });
          break;
        case 'log':
          log(event.step, event.stream, event.bytes);
          break;
        case 'fetching': {
          const vertex = steps.get(event.step);
          const { layer, status: text, current = 0, total = 0 } = event.progress;
          if (vertex === undefined) break;
          const id = [layer, text].filter(Boolean).join(' ');
          const isOver = current === total;
          const completed = isOver ? { completed: timestampOf(new Date()) } : {};
          const count = { current: BigInt(current), total: BigInt(total), ...completed };
          tell({ statuses: [status(vertex, id, count)] });
          break;
        }
        case 'done':
          tellVertex(steps.get(event.step), { completed: timestampOf(event.at), cached: event.cached });
          break;
        case 'failed':
          tellVertex(steps.get(event.step), { completed: timestampOf(event.at), error: event.message });
          break;
        case 'cancelled':
          // By these words clients know that nothing is wrong with the step itself.
          tellVertex(steps.get(event.step), {
            completed: timestampOf(event.at),
            error: 'context canceled',
          });
          break;
        case 'warning': {
          const { rule, message, file, line, url, excerpt } = event.warning;
          const short = Buffer.from(`${rule}: ${message} (${file}:${line})`);
          tell({ warnings: [{ vertex: '', level: 1n, short, detail: [Buffer.from(excerpt)], url }] });
          break;
        }
        case 'note':
          void during(event.text, async () => {});
          break;
        case 'image': {
          const vertex = emptyVertex(digestOf('image'), 'exporting to image');
          const now = timestampOf(new Date());
          tellVertex(vertex, { started: now, completed: now });
          const lines = [`writing image ${event.id}`, ...event.tags.map((tag) => `naming to ${tag}`)];
          tell({ statuses: lines.map((line) => status(vertex, line, { completed: now })) });
        }
      }
    },
    during,
    end() {
      ended = true;
      wake.resolve();
    },
    async *updates(signal) {
      const abort = (): void => wake.resolve();
      signal.addEventListener('abort', abort, { once: true });
      try {
        for (;;) {
          const updates = unread;
          unread = [];
          unreadLogBytes = 0;
          yield* updates;
          if (signal.aborted || (ended && unread.length === 0)) return;
          await wake.promise;
          wake = Promise.withResolvers();
        }
      } finally {
        signal.removeEventListener('abort', abort);
      }
    },
  };
}

function emptyVertex(digest: string, name: string): Vertex {
  return { digest, inputs: [], name, cached: false, started: undefined, completed: undefined, error: '' };
}
