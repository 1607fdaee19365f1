import { spawn } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import { outputOf } from './command.ts';
import { createScratch } from './scratch.ts';
import { waitFor } from './wait-for.ts';

/** Debian's docker-registry on a port and directory of its own. */
export interface Registry extends AsyncDisposable {
  /** `127.0.0.1:port`: the first part of a reference. */
  readonly address: string;
  /** Path of the file that holds a blob, for tests that damage it. */
  blobFile(digest: string): string;
  /** Lines of the access log so far. */
  log(): string;
  /** Copies by skopeo, which needs no daemon. `source` and `target` are skopeo's names, such as `docker-archive:file.tar`. */
  skopeoCopy(source: string, target: string, ...args: string[]): Promise<void>;
}

export async function startRegistry(): Promise<Registry> {
  const scratch = createScratch();
  const storage = path.join(scratch.directory, 'registry');
  const logFile = path.join(scratch.directory, 'registry.log');
  const address = `127.0.0.1:${await freePort()}`;
  const config = path.join(scratch.directory, 'registry.yml');
  fs.writeFileSync(
    config,
    [
      'version: 0.1',
      'log: {level: info, accesslog: {disabled: false}}',
      `storage: {filesystem: {rootdirectory: ${storage}}, delete: {enabled: true}}`,
      `http: {addr: '${address}'}`,
      '',
    ].join('\n'),
  );
  const log = fs.openSync(logFile, 'a');
  const child = spawn('docker-registry', ['serve', config], { stdio: ['ignore', log, log] });
  fs.closeSync(log);
  const ended = once(child, 'exit');
  await waitFor('the registry to answer', async () => (await fetch(`http://${address}/v2/`)).ok);
  return {
    address,
    blobFile(digest) {
      const hex = digest.replace('sha256:', '');
      return path.join(storage, 'docker/registry/v2/blobs/sha256', hex.slice(0, 2), hex, 'data');
    },
    log: () => fs.readFileSync(logFile, 'utf8'),
    async skopeoCopy(source, target, ...args) {
      const insecure = ['--src-tls-verify=false', '--dest-tls-verify=false'];
      await outputOf('skopeo', [
        'copy',
        '--insecure-policy',
        '--quiet',
        ...insecure,
        ...args,
        source,
        target,
      ]);
    },
    async [Symbol.asyncDispose]() {
      child.kill('SIGKILL');
      await ended;
      scratch.remove();
    },
  };
}

/** A port of 127.0.0.1 that nobody listens on at this moment. */
export async function freePort(): Promise<number> {
  const server = net.createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}
