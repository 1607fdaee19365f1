import { createHash } from 'node:crypto';
import { once } from 'node:events';
import fs from 'node:fs';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import os from 'node:os';
import path from 'node:path';

/** Packages never change under their names, so they are fetched once for all runs. */
const cacheDirectory = path.join(os.homedir(), '.cache/dhow-tests/debian');

export interface DebianMirror extends AsyncDisposable {
  readonly url: string;
  /** Paths that were asked for. */
  readonly asked: readonly string[];
  /** What becomes of a file on its way; the identity unless set. */
  alter: (file: string, content: Buffer) => Buffer;
}

/**
 * A mirror of Debian's archives that looks as snapshot.debian.org does, with the archive of today in the directory of each moment:
 * `/debian/<moment>/dists/…`. The lists of packages are fetched once, so that the archive stands still while the mirror is there.
 */
export async function startDebianMirror(): Promise<DebianMirror> {
  const held = new Map<string, Promise<Buffer>>();
  const asked: string[] = [];
  const server = http.createServer((request, response) => {
    const url = request.url ?? '';
    asked.push(url);
    const [, archive, file] = /^\/(debian|debian-security)\/\d{8}T\d{6}Z\/([^?]+)$/.exec(url) ?? [];
    if (archive === undefined || file === undefined || file.includes('..')) {
      response.writeHead(404).end();
      return;
    }
    const name = `${archive}/${file}`;
    const content = file.startsWith('pool/') ? cached(name) : (held.get(name) ?? fetchFile(name));
    held.set(name, content);
    content.then(
      (bytes) => response.end(mirror.alter(file, bytes)),
      () => response.writeHead(404).end(),
    );
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const mirror: DebianMirror = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    asked,
    alter: (_file, content) => content,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
  return mirror;
}

async function fetchFile(name: string): Promise<Buffer> {
  const response = await fetch(`http://deb.debian.org/${name}`);
  if (!response.ok) throw new Error(`${name}: ${response.status}`);
  return Buffer.from(await response.arrayBuffer());
}

async function cached(name: string): Promise<Buffer> {
  const file = path.join(cacheDirectory, createHash('sha256').update(name).digest('hex'));
  if (fs.existsSync(file)) return fs.readFileSync(file);
  const content = await fetchFile(name);
  fs.mkdirSync(cacheDirectory, { recursive: true });
  const partial = `${file}.${process.pid}`;
  fs.writeFileSync(partial, content);
  fs.renameSync(partial, file);
  return content;
}
