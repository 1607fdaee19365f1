import { isMainThread, parentPort } from 'node:worker_threads';
import { treeDifference } from '#archive/compare/tree-difference.ts';
import { PackStream } from '#archive/pack/pack-stream.ts';
import { AssembleStream } from '#archive/record/assemble-stream.ts';
import { sealTree } from '#archive/record/seal-tree.ts';
import { UnpackStream } from '#archive/unpack/unpack-stream.ts';
import { compareTrees } from '#archive/view/changes.ts';
import { enterView } from '#archive/view/enter.ts';
import { statPath } from '#archive/view/path-status.ts';
import type { WorkerReply, WorkerRequest } from '#archive/workers/protocol.ts';
import { kindOf, messageOf } from '#errors/error.ts';
import { helpRemoveTree, removeTree } from '#sys/remove-tree.ts';

/*
 * Entry point of the threads of `createArchiveWorkers`: unpacks and makes archives and removes trees with synchronous system
 * calls, which in the daemon's own thread would stop every request.
 */
if (isMainThread || parentPort === null) throw new Error('archive-worker.ts runs as a worker thread only');
const port = parentPort;

/** Large enough that messages cost little. */
const pieceBytes = 256 * 1024;

let unpacking: { job: number; stream: UnpackStream } | undefined;
/** Something that is given away in pieces. */
let packing: { job: number; stream: PackStream | AssembleStream } | undefined;

function reply(message: WorkerReply, transfer: ArrayBuffer[] = []): void {
  port.postMessage(message, transfer);
}

function replyFailed(job: number, error: unknown): void {
  reply({ type: 'failed', job, kind: kindOf(error), message: messageOf(error) });
}

async function unpack({ job, directory, options }: WorkerRequest & { type: 'unpack' }): Promise<void> {
  try {
    using stream = new UnpackStream(directory, options);
    unpacking = { job, stream };
    reply({ type: 'unpacked', job, result: await stream.result });
  } catch (error) {
    replyFailed(job, error);
  } finally {
    unpacking = undefined;
  }
}

/** Answers one `pull` with a piece, or with the end. */
function pull(job: number): void {
  if (packing?.job !== job) return;
  try {
    const buffer = new ArrayBuffer(pieceBytes);
    const length = packing.stream.fill(new Uint8Array(buffer));
    if (length > 0) {
      reply({ type: 'piece', job, buffer, length }, [buffer]);
      return;
    }
    reply({ type: 'packed', job });
  } catch (error) {
    replyFailed(job, error);
  }
  packing = undefined;
}

function abort(job: number): void {
  if (unpacking?.job === job) unpacking.stream.abort();
  if (packing?.job !== job) return;
  packing.stream[Symbol.dispose]();
  packing = undefined;
  reply({ type: 'packed', job });
}

function assemble({ job, source, sha256 }: WorkerRequest & { type: 'assemble' }): void {
  packing = { job, stream: new AssembleStream(source, sha256) };
}

/** Answers a request that is one call. */
function answer(job: number, work: () => WorkerReply): void {
  try {
    reply(work());
  } catch (error) {
    replyFailed(job, error);
  }
}

function removeTreeFor({ job, path, share }: WorkerRequest & { type: 'remove-tree' }): void {
  answer(job, () => {
    if (share === 0) removeTree(path);
    else helpRemoveTree(path, share);
    return { type: 'removed', job };
  });
}

port.on('message', (request: WorkerRequest) => {
  if (request.type === 'unpack') {
    void unpack(request);
  } else if (request.type === 'remove-tree') {
    removeTreeFor(request);
  } else if (request.type === 'enter') {
    const { job, mounts } = request;
    answer(job, () => {
      enterView(mounts);
      return { type: 'entered', job };
    });
  } else if (request.type === 'stat') {
    const { job, root, path } = request;
    answer(job, () => ({ type: 'status', job, status: statPath(root, path) }));
  } else if (request.type === 'compare') {
    const { job, upper, lowers, mountPoints } = request;
    answer(job, () => ({ type: 'compared', job, changes: compareTrees(upper, lowers, mountPoints) }));
  } else if (request.type === 'difference') {
    const { job, first, second } = request;
    answer(job, () => ({ type: 'difference', job, difference: treeDifference(first, second) }));
  } else if (request.type === 'seal') {
    const { job, directory, options } = request;
    answer(job, () => ({ type: 'unpacked', job, result: sealTree(directory, options) }));
  } else if (request.type === 'pack') {
    packing = { job: request.job, stream: new PackStream(request.directory, request.options) };
  } else if (request.type === 'assemble') {
    assemble(request);
  } else if (request.type === 'pull') {
    pull(request.job);
  } else if (request.type === 'abort') {
    abort(request.job);
  } else {
    const stream = unpacking?.job === request.job ? unpacking.stream : undefined;
    if (request.type === 'end') stream?.end();
    else {
      const { job, buffer, length } = request;
      const giveBack = (): void => reply({ type: 'buffer', job, buffer, length }, [buffer]);
      if (stream === undefined) giveBack();
      else stream.push(Buffer.from(buffer, 0, length), giveBack);
    }
  }
});
