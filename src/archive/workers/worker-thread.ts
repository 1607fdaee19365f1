import { Worker } from 'node:worker_threads';
import type { PackOptions } from '#archive/pack/tree-packer.ts';
import type { AssembleSource } from '#archive/record/assemble.ts';
import type { SealOptions } from '#archive/record/seal-tree.ts';
import type { Unpacked, UnpackOptions } from '#archive/unpack/unpack-stream.ts';
import type { TreeChange } from '#archive/view/changes.ts';
import type { ViewMounts } from '#archive/view/enter.ts';
import type { PathStatus } from '#archive/view/path-status.ts';
import { ChunkSender } from '#archive/workers/chunk-sender.ts';
import { PieceQueue } from '#archive/workers/piece-queue.ts';
import type { WorkerReply, WorkerRequest } from '#archive/workers/protocol.ts';
import { DhowError } from '#errors/error.ts';

interface Job {
  number: number;
  finish: (reply: WorkerReply) => void;
  fail: (error: unknown) => void;
  /** A message of the job that is not its last: memory that comes back, or a piece of an archive. */
  progress: (buffer: ArrayBuffer, length: number) => void;
}

/** The daemon's side of one worker: runs one job at a time. */
export class WorkerThread {
  readonly #worker: Worker;
  #job: Job | undefined;
  #jobs = 0;
  #retirement: NodeJS.Timeout | undefined;

  /** @param onDeath called when the thread ended by itself, which is a bug or a lack of memory */
  constructor(url: URL, onDeath: () => void) {
    this.#worker = new Worker(url, { name: 'dhow-archive', stdin: false });
    this.#worker.on('message', (reply: WorkerReply) => this.#receive(reply));
    const die = (cause?: unknown): void => {
      onDeath();
      this.#job?.fail(new DhowError('Internal', 'an archive worker thread ended unexpectedly', { cause }));
    };
    this.#worker.on('error', die);
    this.#worker.on('exit', () => die());
    // Only a job keeps the process alive.
    this.#worker.unref();
  }

  async terminate(): Promise<void> {
    this.cancelRetirement();
    await this.#worker.terminate();
  }

  retireAfter(idleMs: number, retire: () => void): void {
    this.#retirement = setTimeout(retire, idleMs).unref();
  }

  cancelRetirement(): void {
    clearTimeout(this.#retirement);
    this.#retirement = undefined;
  }

  async difference(first: string, second: string): Promise<string | undefined> {
    const reply = await this.#run({ type: 'difference', job: ++this.#jobs, first, second });
    if (reply.type === 'difference') return reply.difference;
    throw new DhowError('Internal', `unexpected reply ${reply.type}`);
  }

  /** @param share where in the tree to begin, from 0 to 1; only who begins at 0 removes all of it */
  async removeTree(path: string, share: number): Promise<void> {
    await this.#run({ type: 'remove-tree', job: ++this.#jobs, path, share });
  }

  /** From now on the thread sees these mounts, and nobody else does. */
  async enter(mounts: ViewMounts): Promise<void> {
    await this.#run({ type: 'enter', job: ++this.#jobs, mounts });
  }

  async stat(root: string, path: string): Promise<PathStatus> {
    const reply = await this.#run({ type: 'stat', job: ++this.#jobs, root, path });
    if (reply.type !== 'status') throw unexpected(reply);
    return reply.status;
  }

  async compare(
    upper: string,
    lowers: readonly string[],
    mountPoints: ReadonlySet<string>,
  ): Promise<TreeChange[]> {
    const reply = await this.#run({ type: 'compare', job: ++this.#jobs, upper, lowers, mountPoints });
    if (reply.type !== 'compared') throw unexpected(reply);
    return reply.changes;
  }

  async seal(directory: string, options: SealOptions): Promise<Unpacked> {
    const reply = await this.#run({ type: 'seal', job: ++this.#jobs, directory, options });
    if (reply.type !== 'unpacked') throw unexpected(reply);
    return reply.result;
  }

  async unpack(
    directory: string,
    source: AsyncIterable<Uint8Array>,
    options: UnpackOptions,
    onProgress: (sourceBytes: number) => void,
    signal: AbortSignal,
  ): Promise<Unpacked> {
    const job = ++this.#jobs;
    const abort = (): void => this.#post({ type: 'abort', job });
    const sender = new ChunkSender((buffer, length) =>
      this.#post({ type: 'chunk', job, buffer, length }, [buffer]),
    );
    let used = 0;
    const reply = this.#run({ type: 'unpack', job, directory, options }, (buffer, length) => {
      sender.giveBack(buffer);
      used += length;
      onProgress(used);
    });
    let sourceError: { cause: unknown } | undefined;
    const forwarding = forward(source, sender).then(
      () => this.#post({ type: 'end', job }),
      (cause: unknown) => {
        sourceError = { cause };
        abort();
      },
    );
    signal.addEventListener('abort', abort, { once: true });
    if (signal.aborted) abort();
    try {
      const result = await reply;
      await forwarding;
      if (result.type !== 'unpacked') throw unexpected(result);
      return result.result;
    } catch (error) {
      if (signal.aborted) throw signal.reason;
      throw sourceError === undefined ? error : (sourceError as { cause: unknown }).cause;
    } finally {
      signal.removeEventListener('abort', abort);
      sender.stop();
    }
  }

  /** Yields the archive's pieces. Leaving the loop early ends the job. */
  pack(directory: string, options: PackOptions, signal: AbortSignal): AsyncGenerator<Uint8Array> {
    return this.#pieces({ type: 'pack', job: ++this.#jobs, directory, options }, signal);
  }

  /** The same for an archive that was unpacked with a record. */
  assemble(source: AssembleSource, sha256: string, signal: AbortSignal): AsyncGenerator<Uint8Array> {
    return this.#pieces({ type: 'assemble', job: ++this.#jobs, source, sha256 }, signal);
  }

  async *#pieces(request: WorkerRequest, signal: AbortSignal): AsyncGenerator<Uint8Array> {
    const { job } = request;
    const pieces = new PieceQueue(() => this.#post({ type: 'pull', job }));
    const last = this.#run(request, (buffer, length) => pieces.push(buffer, length)).then(
      () => pieces.end(),
      (error: unknown) => pieces.fail(error),
    );
    const abort = (): void => pieces.fail(signal.reason);
    signal.addEventListener('abort', abort, { once: true });
    if (signal.aborted) abort();
    try {
      yield* pieces.read();
    } finally {
      signal.removeEventListener('abort', abort);
      this.#post({ type: 'abort', job });
      await last;
    }
  }

  /** Posts a job's first message and waits for its last reply. */
  async #run(request: WorkerRequest, progress: Job['progress'] = () => {}): Promise<WorkerReply> {
    const { promise, resolve, reject } = Promise.withResolvers<WorkerReply>();
    this.#job = { number: request.job, finish: resolve, fail: reject, progress };
    this.#worker.ref();
    this.#post(request);
    try {
      return await promise;
    } finally {
      this.#job = undefined;
      this.#worker.unref();
    }
  }

  #receive(reply: WorkerReply): void {
    const job = this.#job;
    // Memory of a failed job may still come home during the next one; it is let go.
    if (job === undefined || reply.job !== job.number) return;
    if (reply.type === 'buffer' || reply.type === 'piece') job.progress(reply.buffer, reply.length);
    else if (reply.type === 'failed') job.fail(new DhowError(reply.kind, reply.message));
    else job.finish(reply);
  }

  #post(request: WorkerRequest, transfer: ArrayBuffer[] = []): void {
    this.#worker.postMessage(request, transfer);
  }
}

function unexpected({ type }: WorkerReply): DhowError {
  return new DhowError('Internal', `unexpected reply ${type} of an archive worker`);
}

/** Sends the whole source, or closes it when the sender was stopped. */
async function forward(source: AsyncIterable<Uint8Array>, sender: ChunkSender): Promise<void> {
  for await (const chunk of source) {
    await sender.send(chunk);
    if (sender.stopped) return;
  }
  sender.flush();
}
