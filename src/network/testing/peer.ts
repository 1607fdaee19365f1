import { Worker } from 'node:worker_threads';
import type { PeerCall } from '#network/testing/peer-worker.ts';

/** A program inside a network namespace: serves, asks, and tells what it heard. */
export interface Peer extends AsyncDisposable {
  /** Serves `<name> <address of the client>` on a port. */
  serve(port: number, name: string, protocol?: 'tcp' | 'udp', host?: string): Promise<void>;
  /**
   * Asks a server: its answer, or "timeout", or the errno name of the failure ("ECONNREFUSED").
   * @param options localPort: for udp, the source port to keep
   */
  ask(
    host: string,
    port: number,
    options?: { protocol?: 'tcp' | 'udp'; timeoutMs?: number; localPort?: number },
  ): Promise<string>;
}

/** @param namespacePath as in `Sandbox.path` */
export function createPeer(namespacePath: string): Peer {
  const worker = new Worker(new URL('./peer-worker.ts', import.meta.url), { workerData: namespacePath });
  const waiting = new Map<number, PromiseWithResolvers<string>>();
  let calls = 0;
  worker.on('message', ({ id, result, error }: { id: number; result?: string; error?: string }) => {
    if (result === undefined) waiting.get(id)?.reject(new Error(error));
    else waiting.get(id)?.resolve(result);
    waiting.delete(id);
    if (waiting.size === 0) worker.unref();
  });
  worker.on('error', (error) => {
    for (const each of waiting.values()) each.reject(error);
  });
  worker.unref();

  function send(call: PeerCall): Promise<string> {
    const id = ++calls;
    const answer = Promise.withResolvers<string>();
    waiting.set(id, answer);
    worker.ref();
    worker.postMessage({ id, call });
    return answer.promise;
  }

  return {
    async serve(port, name, protocol = 'tcp', host = '0.0.0.0') {
      await send({ verb: 'serve', protocol, port, name, host });
    },
    ask(host, port, { protocol = 'tcp', timeoutMs = 3000, localPort = 0 } = {}) {
      return send({ verb: 'ask', protocol, host, port, timeoutMs, localPort });
    },
    async [Symbol.asyncDispose]() {
      await worker.terminate();
    },
  };
}
