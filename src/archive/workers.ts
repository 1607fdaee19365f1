import { maxDecompressedBytes } from '#archive/decompress.ts';
import type { PackOptions } from '#archive/pack/tree-packer.ts';
import type { AssembleSource } from '#archive/record/assemble.ts';
import type { RecordPlace } from '#archive/record/recorder.ts';
import type { SealOptions } from '#archive/record/seal-tree.ts';
import type { Unpacked } from '#archive/unpack/unpack-stream.ts';
import type { TreeChange } from '#archive/view/changes.ts';
import { Slots } from '#archive/workers/slots.ts';
import { WorkerThread } from '#archive/workers/worker-thread.ts';
import { DhowError } from '#errors/error.ts';
import { returnFreeMemory } from '#sys/memory.ts';

export type { PackOptions } from '#archive/pack/tree-packer.ts';
export type { Unpacked } from '#archive/unpack/unpack-stream.ts';

/**
 * Threads for the work on file trees that is made of synchronous system calls. Each does one job at a time, so that
 * the layers of an image unpack side by side while the daemon's own thread only forwards their bytes. Threads start
 * when there is work and end when there has been none for a while.
 */
export interface ArchiveWorkers extends AsyncDisposable {
  /**
   * Unpacks a tar archive into an existing directory of the daemon's. What was unpacked before a failure stays there:
   * the caller removes it. The source is closed in any case.
   * @throws InvalidParameter for a malformed or hostile archive; Unsupported for its compression; ResourceExhausted
   *   for a full disk or more than `maxBytes`; the reason of `signal`; what the source throws
   */
  unpack(directory: string, source: AsyncIterable<Uint8Array>, options: UnpackJobOptions): Promise<Unpacked>;
  /**
   * A tar archive of a tree; see `PackOptions`. The same tree gives the same bytes. Leaving the loop ends the
   * work.
   * @throws NotFound when `options.path` is not there; the reason of `signal`; Internal
   */
  pack(directory: string, options: PackOptions, signal: AbortSignal): AsyncIterable<Uint8Array>;
  /**
   * The bytes of an archive that was unpacked with a record, the very same ones.
   * @param sha256 of the whole archive, hexadecimal
   * @throws DataLoss, possibly after all bytes were given, when they are not the archive's; the reason of `signal`
   */
  assemble(source: AssembleSource, sha256: string, signal: AbortSignal): AsyncGenerator<Uint8Array, void>;
  /** What an overlay's upper directory changed against the layers below (top-most first); see `compareTrees`. */
  compare(upper: string, lowers: readonly string[], mountPoints: ReadonlySet<string>): Promise<TreeChange[]>;
  /** Makes a layer of an overlay's upper directory where it lies; see `sealTree`. @throws the reason of `signal` while it waits */
  seal(directory: string, options: SealOptions, signal: AbortSignal): Promise<Unpacked>;
  /** What tells two trees apart but the content of their files; undefined when nothing does. @throws Internal */
  difference(first: string, second: string): Promise<string | undefined>;
  /**
   * Removes a file or a tree of any depth without following symlinks. No error if absent. @throws Internal
   * @param isLarge it has thousands of entries, so that several threads at it are worth their start
   */
  removeTree(path: string, isLarge?: boolean): Promise<void>;
}

export interface UnpackJobOptions {
  /** `overlay` turns OCI whiteouts into overlayfs's; `literal` takes `.wh.` for the beginning of a name. */
  whiteouts: 'overlay' | 'literal';
  /** Neither does a file replace a directory nor a directory a file: that is refused. */
  keepTypes?: boolean;
  /** Where to write what `assemble` needs; absent: nothing is written. */
  record?: RecordPlace;
  /** Most bytes that may come out of the decompressor; `maxDecompressedBytes` if absent. */
  maxBytes?: number;
  /** How many bytes of the source were used so far. */
  onProgress?: (sourceBytes: number) => void;
  signal: AbortSignal;
}

export interface ArchiveWorkersParts {
  /** Where `archive-worker.ts` is; when bundled, where its bundle is. */
  workerUrl: URL;
  /** Most threads. As many as there are cores is right: a job keeps one core busy, or nearly two when compressed. */
  count: number;
}

/**
 * Removals do not wait for unpack jobs, which can hang on a slow network. They wait for the disk most of the time (its journal, or, on ext4 that
 * is mounted with `discard` and has none, a discard for each file), so that several at once take less time together.
 */
const removalCount = 4;
/** A reader may be slow and holds its thread all the while, so there are more of these than cores. */
const packCount = 8;
/** A new thread is slow for its first quarter of a second, as its code is not compiled yet; keeping one costs 10 MB. */
const idleMs = 30_000;

export function createArchiveWorkers({ workerUrl, count }: ArchiveWorkersParts): ArchiveWorkers {
  const unpackSlots = new Slots(count);
  const removalSlots = new Slots(removalCount);
  const packSlots = new Slots(packCount);
  const threads = new Set<WorkerThread>();
  const idle: WorkerThread[] = [];
  let closed = false;

  /** Runs a job on an idle thread or a new one. */
  async function run<T>(
    slots: Slots,
    signal: AbortSignal,
    job: (thread: WorkerThread) => Promise<T>,
  ): Promise<T> {
    using _slot = await slots.acquire(signal);
    using worker = takeThread();
    return await job(worker.thread);
  }

  /** An idle thread or a new one; disposing gives it back. */
  function takeThread(): Disposable & { thread: WorkerThread } {
    if (closed) throw new DhowError('Unavailable', 'the daemon is shutting down');
    const thread = idle.pop() ?? startThread();
    thread.cancelRetirement();
    return {
      thread,
      [Symbol.dispose]() {
        if (!threads.has(thread)) return;
        idle.push(thread);
        thread.retireAfter(idleMs, () => retire(thread));
      },
    };
  }

  function startThread(): WorkerThread {
    const thread = new WorkerThread(workerUrl, () => retire(thread));
    threads.add(thread);
    return thread;
  }

  function retire(thread: WorkerThread): void {
    threads.delete(thread);
    const position = idle.indexOf(thread);
    if (position !== -1) idle.splice(position, 1);
    void thread.terminate().then(() => {
      if (threads.size === 0) returnFreeMemory();
    });
  }

  return {
    unpack(directory, source, job) {
      const {
        whiteouts,
        maxBytes = maxDecompressedBytes,
        keepTypes = false,
        record,
        onProgress,
        signal,
      } = job;
      const options = { whiteouts, maxBytes, keepTypes, ...(record === undefined ? {} : { record }) };
      return run(unpackSlots, signal, (thread) =>
        thread.unpack(directory, source, options, onProgress ?? (() => {}), signal),
      );
    },
    async *pack(directory, options, signal) {
      using _slot = await packSlots.acquire(signal);
      using worker = takeThread();
      yield* worker.thread.pack(directory, options, signal);
    },
    async *assemble(source, sha256, signal) {
      using _slot = await packSlots.acquire(signal);
      using worker = takeThread();
      yield* worker.thread.assemble(source, sha256, signal);
    },
    compare(upper, lowers, mountPoints) {
      return run(packSlots, new AbortController().signal, (thread) =>
        thread.compare(upper, lowers, mountPoints),
      );
    },
    seal(directory, options, signal) {
      return run(unpackSlots, signal, (thread) => thread.seal(directory, options));
    },
    difference(first, second) {
      return run(packSlots, new AbortController().signal, (thread) => thread.difference(first, second));
    },
    async removeTree(path, isLarge = false) {
      const { signal } = new AbortController();
      const begin = (share: number): Promise<void> =>
        run(removalSlots, signal, (thread) => thread.removeTree(path, share));
      const whole = begin(0);
      const helpers = isLarge ? Array.from({ length: removalCount - 1 }, (_, index) => index + 1) : [];
      // What stops a helper stops the whole as well.
      await Promise.allSettled([whole, ...helpers.map((helper) => begin(helper / removalCount))]);
      await whole;
    },
    async [Symbol.asyncDispose]() {
      closed = true;
      await Promise.all([...threads].map((thread) => thread.terminate()));
    },
  };
}
