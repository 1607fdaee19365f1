import { once } from 'node:events';
import { Worker } from 'node:worker_threads';

export interface QueryTask {
  /** Path of the client's network namespace. */
  readonly namespace: string;
  /** Address of its name server. */
  readonly server: string;
  /** A DNS message. */
  readonly question: Uint8Array;
  readonly count: number;
}

/** Microseconds from each question to its answer, one after the other by UDP. @throws when an answer has no record, or none comes */
export async function timeQueries(
  name: string,
  task: Pick<QueryTask, 'namespace' | 'server' | 'count'>,
): Promise<number[]> {
  const workerData: QueryTask = { ...task, question: askForAddress(name) };
  const worker = new Worker(new URL('./query-worker.ts', import.meta.url), { workerData });
  // `once` throws what the worker dies of.
  const [microseconds] = (await once(worker, 'message')) as [number[]];
  return microseconds;
}

/** RFC 1035: a question for the record A of a name. */
function askForAddress(name: string): Uint8Array {
  const labels = name.split('.').map((label) => Buffer.concat([Buffer.of(label.length), Buffer.from(label)]));
  const header = Buffer.of(0x12, 0x34, 0x01, 0, 0, 1, 0, 0, 0, 0, 0, 0);
  return Buffer.concat([header, ...labels, Buffer.of(0, 0, 1, 0, 1)]);
}
