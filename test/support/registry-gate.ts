import { once } from 'node:events';
import http from 'node:http';
import type { Registry } from './registry.ts';

/** A proxy in front of a registry that can stop a download where a test wants it, so that no test depends on its speed. */
export interface RegistryGate extends AsyncDisposable {
  /** `127.0.0.1:port`: the first part of a reference. */
  readonly address: string;
  /** From now on each download of the blob stops after so many bytes of its answer, until `open`. */
  hold(digest: string, afterBytes: number): void;
  open(): void;
  /** How many downloads are stopped at present. */
  readonly held: number;
  /** Digest and first byte of each blob that was asked for. */
  readonly downloads: readonly { digest: string; offset: number }[];
}

export async function startRegistryGate(registry: Registry): Promise<RegistryGate> {
  const limits = new Map<string, number>();
  const downloads: { digest: string; offset: number }[] = [];
  const waiting = new Set<() => void>();

  const server = http.createServer((request, response) => {
    const digest =
      request.method === 'GET' ? /\/blobs\/(sha256:[0-9a-f]{64})$/.exec(request.url ?? '')?.[1] : undefined;
    if (digest !== undefined) {
      downloads.push({ digest, offset: Number(/^bytes=(\d+)-/.exec(request.headers.range ?? '')?.[1] ?? 0) });
    }
    const [host, port] = registry.address.split(':');
    const { method, url, headers } = request;
    const forwarded = http.request({ host, port, method, path: url, headers, agent: false }, (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers);
      relay(answer, response, digest === undefined ? undefined : limits.get(digest)).catch(() =>
        response.destroy(),
      );
    });
    forwarded.on('error', () => response.destroy());
    response.on('close', () => forwarded.destroy());
    request.pipe(forwarded);
  });

  async function relay(
    answer: http.IncomingMessage,
    response: http.ServerResponse,
    limit: number | undefined,
  ): Promise<void> {
    let rest = limit ?? Number.POSITIVE_INFINITY;
    for await (const chunk of answer as AsyncIterable<Buffer>) {
      if (chunk.length >= rest) {
        response.write(chunk.subarray(0, rest));
        await opened(response);
        response.write(chunk.subarray(rest));
        rest = Number.POSITIVE_INFINITY;
      } else {
        rest -= chunk.length;
        if (!response.write(chunk)) await once(response, 'drain');
      }
    }
    response.end();
  }

  /** Resolves with `open`, or when the one who downloads has gone. */
  function opened(response: http.ServerResponse): Promise<void> {
    return new Promise((resolve) => {
      const go = (): void => {
        waiting.delete(go);
        resolve();
      };
      waiting.add(go);
      response.on('close', go);
    });
  }

  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  const open = (): void => {
    limits.clear();
    for (const go of [...waiting]) go();
  };
  return {
    address: `127.0.0.1:${address.port}`,
    hold: (digest, afterBytes) => limits.set(digest, afterBytes),
    open,
    get held() {
      return waiting.size;
    },
    downloads,
    async [Symbol.asyncDispose]() {
      open();
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}
