import { Worker } from 'node:worker_threads';
import type { PeerCall } from '#network/testing/peer-worker.ts';

type Protocol = 'tcp' | 'udp' | 'sctp';

/** A program inside a network namespace: serves, asks, and tells what it heard. */
export interface Peer extends AsyncDisposable {
  /** Serves `<name> <address of the client>` on a port. */
  serve(port: number, name: string, protocol?: Protocol, host?: string): Promise<void>;
  /**
   * Asks a server: its answer, or "timeout", or the errno name of the failure ("ECONNREFUSED").
   * @param options localPort: for udp, the source port to keep
   */
  ask(
    host: string,
    port: number,
    options?: { protocol?: Protocol; timeoutMs?: number; localPort?: number },
  ): Promise<string>;
  /** Sends a message and gives the answer, or "timeout", "closed", or the errno name of the failure. */
  exchange(
    host: string,
    port: number,
    message: Buffer,
    options: { transport: 'udp' | 'tcp'; timeoutMs: number },
  ): Promise<string | Buffer>;
  /** Sends so many bytes to a server named "echo": "whole" when the same come back. */
  transfer(host: string, port: number, protocol: 'tcp' | 'udp', bytes: number): Promise<string>;
  /** A file as a program in the namespace sees it. */
  readFile(path: string): Promise<string>;
}

/** @param namespacePath as in `Sandbox.path` */
export function createPeer(namespacePath: string): Peer {
  const waiting = new Map<number, PromiseWithResolvers<string | Uint8Array>>();
  let calls = 0;
  let worker: Worker | undefined;

  /** When the first thing is asked of it: a thread costs more than all that most of them do. */
  function startWorker(): Worker {
    const started = new Worker(new URL('./peer-worker.ts', import.meta.url), { workerData: namespacePath });
    started.on(
      'message',
      ({ id, result, error }: { id: number; result?: string | Uint8Array; error?: string }) => {
        if (result === undefined) waiting.get(id)?.reject(new Error(error));
        else waiting.get(id)?.resolve(result);
        waiting.delete(id);
        if (waiting.size === 0) started.unref();
      },
    );
    started.on('error', (error) => {
      for (const each of waiting.values()) each.reject(error);
    });
    return started;
  }

  function send(call: PeerCall): Promise<string | Uint8Array> {
    const id = ++calls;
    const answer = Promise.withResolvers<string | Uint8Array>();
    waiting.set(id, answer);
    worker ??= startWorker();
    worker.ref();
    worker.postMessage({ id, call });
    return answer.promise;
  }

  return {
    async serve(port, name, protocol = 'tcp', host = '0.0.0.0') {
      await send({ verb: 'serve', protocol, port, name, host });
    },
    async ask(host, port, { protocol = 'tcp', timeoutMs = 3000, localPort = 0 } = {}) {
      return String(await send({ verb: 'ask', protocol, host, port, timeoutMs, localPort }));
    },
    async exchange(host, port, message, options) {
      const answer = await send({ verb: 'exchange', host, port, message, ...options });
      return typeof answer === 'string' ? answer : Buffer.from(answer);
    },
    async transfer(host, port, protocol, bytes) {
      return String(await send({ verb: 'transfer', host, port, protocol, bytes }));
    },
    async readFile(path) {
      return String(await send({ verb: 'read', path }));
    },
    async [Symbol.asyncDispose]() {
      await worker?.terminate();
    },
  };
}
