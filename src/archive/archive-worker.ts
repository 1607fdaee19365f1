import { isMainThread, parentPort } from 'node:worker_threads';
import { UnpackStream } from '#archive/unpack/unpack-stream.ts';
import type { WorkerReply, WorkerRequest } from '#archive/workers/protocol.ts';
import { kindOf, messageOf } from '#errors/error.ts';
import { removeTree } from '#sys/remove-tree.ts';

/*
 * Entry point of the threads of `createArchiveWorkers`: unpacks archives and removes trees with synchronous system
 * calls, which in the daemon's own thread would stop every request.
 */
if (isMainThread || parentPort === null) throw new Error('archive-worker.ts runs as a worker thread only');
const port = parentPort;

let unpacking: { job: number; stream: UnpackStream } | undefined;

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

function removeTreeFor({ job, path }: WorkerRequest & { type: 'remove-tree' }): void {
  try {
    removeTree(path);
    reply({ type: 'removed', job });
  } catch (error) {
    replyFailed(job, error);
  }
}

port.on('message', (request: WorkerRequest) => {
  if (request.type === 'unpack') {
    void unpack(request);
  } else if (request.type === 'remove-tree') {
    removeTreeFor(request);
  } else {
    const stream = unpacking?.job === request.job ? unpacking.stream : undefined;
    if (request.type === 'end') stream?.end();
    else if (request.type === 'abort') stream?.abort();
    else {
      const { job, buffer, length } = request;
      const giveBack = (): void => reply({ type: 'buffer', job, buffer, length }, [buffer]);
      if (stream === undefined) giveBack();
      else stream.push(Buffer.from(buffer, 0, length), giveBack);
    }
  }
});
