import { spawn } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import { outputOf } from './command.ts';
import { freePort } from './free-port.ts';
import { createScratch } from './scratch.ts';
import { waitFor } from './wait-for.ts';

/** Debian's docker-registry on a port and directory of its own. */
export interface Registry extends AsyncDisposable {
  /** `host:port`: the first part of a reference. */
  readonly address: string;
  /** Path of the file that holds a blob, for tests that damage it. */
  blobFile(digest: string): string;
  /** Lines of the access log so far. */
  log(): string;
  /** Copies by skopeo, which needs no daemon. `source` and `target` are skopeo's names, such as `docker-archive:file.tar`. */
  skopeoCopy(source: string, target: string, ...args: string[]): Promise<void>;
}

export interface RegistryOptions {
  /** Address to listen on; default 127.0.0.1, which every client trusts. */
  host?: string;
  /** Lets only `registryUser` in. */
  guarded?: boolean;
  /** Paths of a certificate and its key in PEM: the registry speaks TLS. */
  tls?: { certificate: string; key: string };
}

/** The one user of a guarded registry. */
export const registryUser = { username: 'user', password: 'secret' };
/** bcrypt of the password above with the least cost, in the form of Apache's htpasswd. */
const htpasswd = 'user:$2y$04$HDtfadnMBN/Bh29d.GiYf.Snf2n3mJpt0NTpAFKv.WYV/wk9D7Y.q\n';

export async function startRegistry(options: RegistryOptions = {}): Promise<Registry> {
  const { host = '127.0.0.1', guarded = false, tls } = options;
  const scratch = createScratch();
  const storage = path.join(scratch.directory, 'registry');
  const logFile = path.join(scratch.directory, 'registry.log');
  const address = `${host}:${await freePort()}`;
  const config = path.join(scratch.directory, 'registry.yml');
  const passwords = path.join(scratch.directory, 'htpasswd');
  fs.writeFileSync(passwords, htpasswd);
  const tlsPart = tls ? `, tls: {certificate: ${tls.certificate}, key: ${tls.key}}` : '';
  fs.writeFileSync(
    config,
    [
      'version: 0.1',
      'log: {level: info, accesslog: {disabled: false}}',
      `storage: {filesystem: {rootdirectory: ${storage}}, delete: {enabled: true}}`,
      `http: {addr: '${address}'${tlsPart}}`,
      ...(guarded ? [`auth: {htpasswd: {realm: test, path: ${passwords}}}`] : []),
      '',
    ].join('\n'),
  );
  const log = fs.openSync(logFile, 'a');
  const child = spawn('docker-registry', ['serve', config], { stdio: ['ignore', log, log] });
  fs.closeSync(log);
  const ended = once(child, 'exit');
  await waitFor('the registry to answer', () => isListening(host, Number(address.split(':')[1])));
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

function isListening(host: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = net.connect(port, host, () => resolve(true));
    socket.on('error', () => resolve(false));
    socket.on('connect', () => socket.destroy());
  });
}
