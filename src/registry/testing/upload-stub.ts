import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A registry in memory that takes uploads and can be told to misbehave. */
export interface UploadStub extends AsyncDisposable {
  host: string;
  blobs: Map<string, Buffer>;
  manifests: Map<string, Buffer>;
  /** Method and path of each request, without queries. */
  requests: string[];
}

export interface Misbehaviour {
  /** Cuts the connection of the n-th PATCH (from 1) after so many bytes of it. */
  cutPatch?: (count: number) => number | undefined;
  /** Answers instead of the registry. @returns whether it did */
  answer?: (request: IncomingMessage, response: ServerResponse, count: number) => boolean;
  /** Whether an upload that broke is still known. */
  forgetsUploads?: boolean;
  /** Takes no body above this. */
  maxBodyBytes?: number;
}

export async function startUploadStub(misbehaviour: Misbehaviour = {}): Promise<UploadStub> {
  const blobs = new Map<string, Buffer>();
  const manifests = new Map<string, Buffer>();
  const uploads = new Map<string, Buffer>();
  const requests: string[] = [];
  const counts = new Map<string, number>();
  let patches = 0;

  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '', 'http://stub');
    if (url.pathname === '/v2/' && request.headers.authorization === undefined) {
      response.end('{}');
      return;
    }
    const named = `${request.method} ${url.pathname.replace(/[0-9a-f]{64}/, '…')}`;
    requests.push(named);
    const count = (counts.get(named) ?? 0) + 1;
    counts.set(named, count);
    if (misbehaviour.answer?.(request, response, count)) return;
    const [, repository = '', kind, rest = ''] =
      /^\/v2\/(.+)\/(blobs|manifests)\/(.*)$/.exec(url.pathname) ?? [];
    const send = (status: number, headers: Record<string, string> = {}): void => {
      response.writeHead(status, { 'content-length': '0', ...headers }).end();
    };
    if (kind === 'manifests') {
      const bytes = await bodyOf(request);
      manifests.set(`${repository}:${rest}`, bytes);
      send(201, { 'docker-content-digest': digestOf(bytes) });
    } else if (request.method === 'HEAD') {
      send(blobs.has(`${repository}@${rest}`) ? 200 : 404);
    } else if (request.method === 'POST') {
      const from = `${url.searchParams.get('from')}@${url.searchParams.get('mount')}`;
      const mounted = blobs.get(from);
      if (mounted) {
        blobs.set(`${repository}@${url.searchParams.get('mount')}`, mounted);
        send(201);
        return;
      }
      const id = `u${uploads.size}`;
      uploads.set(id, Buffer.alloc(0));
      send(202, { location: `/v2/${repository}/blobs/uploads/${id}?state=1` });
    } else {
      const id = rest.replace('uploads/', '');
      const known = uploads.get(id);
      if (known === undefined) return send(404);
      const location = `/v2/${repository}/blobs/uploads/${id}?state=2`;
      const range = `0-${Math.max(known.length - 1, 0)}`;
      if (request.method === 'GET') return send(204, { location, range });
      if (
        Number(request.headers['content-length']) > (misbehaviour.maxBodyBytes ?? Number.POSITIVE_INFINITY)
      ) {
        request.resume();
        return send(413);
      }
      if (request.method === 'PATCH') {
        patches++;
        const first = Number(/^(\d+)-/.exec(request.headers['content-range'] ?? '0-')?.[1]);
        if (first !== known.length) return send(416, { location, range });
        const cut = misbehaviour.cutPatch?.(patches);
        const bytes = await bodyOf(request, cut);
        const all = Buffer.concat([known, bytes]);
        if (cut === undefined) {
          uploads.set(id, all);
          return send(202, { location, range: `0-${all.length - 1}` });
        }
        if (misbehaviour.forgetsUploads) uploads.delete(id);
        else uploads.set(id, all);
        request.socket.destroy();
        return;
      }
      const all = Buffer.concat([known, await bodyOf(request)]);
      const digest = url.searchParams.get('digest') ?? '';
      if (digestOf(all) !== digest) {
        response.writeHead(400).end('{"errors":[{"code":"DIGEST_INVALID","message":"wrong digest"}]}');
        return;
      }
      blobs.set(`${repository}@${digest}`, all);
      send(201);
    }
  }

  const server = createServer((request, response) => {
    handle(request, response).catch(() => response.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    host: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    blobs,
    manifests,
    requests,
    async [Symbol.asyncDispose]() {
      const closed = new Promise((resolve) => server.close(resolve));
      server.closeAllConnections();
      await closed;
    },
  };
}

async function bodyOf(request: IncomingMessage, limit = Number.POSITIVE_INFINITY): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    chunks.push(chunk.subarray(0, limit - length));
    length += chunk.length;
    if (length >= limit) break;
  }
  return Buffer.concat(chunks);
}

function digestOf(bytes: Buffer): string {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
}
