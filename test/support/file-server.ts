import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import { outputOf } from './command.ts';
import { waitFor } from './wait-for.ts';

/** A server on 127.0.0.1 that shares one directory, by the kernel's own file systems. */
export interface FileServer extends AsyncDisposable {
  /** What it shares, as it lies on the server. */
  readonly directory: string;
}

/** Of the share that `startCifsServer` gives. */
export const cifsShare = { name: 'share', user: 'root', password: 'a #1 secret' };

/** Why NFS cannot be served and mounted here; false when it can. */
export function missingNfs(): string | false {
  // Exports of the host are not the test's to take away.
  const other = Number(readIfThere('/proc/fs/nfsd/threads')) > 0 && 'an NFS server of the host runs already';
  const programs = ['exportfs', 'rpcbind', 'rpc.mountd', 'rpc.nfsd'];
  return missingFileSystems('nfs', 'nfsd') ?? missingPrograms(...programs) ?? other;
}

/** Why CIFS cannot be served and mounted here; false when it can. */
export function missingCifs(): string | false {
  return missingFileSystems('cifs') ?? missingPrograms('smbd', 'smbpasswd') ?? false;
}

/** The kernel's server, for versions 3 and 4. */
export async function startNfsServer(): Promise<FileServer> {
  await using started = new AsyncDisposableStack();
  const directory = shareDirectory(started);
  await outputOf('mount', ['-t', 'nfsd', 'nfsd', '/proc/fs/nfsd']);
  started.defer(async () => void (await outputOf('umount', ['/proc/fs/nfsd'])));
  const options = 'rw,no_root_squash,insecure,no_subtree_check,fsid=77';
  await outputOf('exportfs', ['-i', '-o', options, `127.0.0.1:${directory}`]);
  started.defer(async () => void (await outputOf('exportfs', ['-u', `127.0.0.1:${directory}`])));
  runUntilDisposed(started, 'rpcbind', ['-f', '-w']);
  await waitFor('rpcbind', () => accepts(111));
  runUntilDisposed(started, 'rpc.mountd', ['--foreground']);
  // Clients of a server that has just started wait for its grace period to end.
  const threads = ['--grace-time', '10', '--lease-time', '10', '--host', '127.0.0.1'];
  await outputOf('rpc.nfsd', [...threads, '2']);
  started.defer(async () => void (await outputOf('rpc.nfsd', ['0'])));
  return whatStarted(started, directory);
}

/** Samba. */
export async function startCifsServer(): Promise<FileServer> {
  await using started = new AsyncDisposableStack();
  const directory = shareDirectory(started);
  const own = `${directory}-samba`;
  fs.mkdirSync(own);
  started.defer(() => fs.rmSync(own, { recursive: true, force: true }));
  const kinds = [
    'private dir',
    'ncalrpc dir',
    'lock directory',
    'state directory',
    'cache directory',
    'pid directory',
  ];
  const config = path.join(own, 'smb.conf');
  fs.writeFileSync(
    config,
    [
      '[global]',
      ...kinds.map((kind) => `${kind} = ${own}`),
      ...['interfaces = 127.0.0.1', 'bind interfaces only = yes', 'disable netbios = yes', 'smb ports = 445'],
      `[${cifsShare.name}]`,
      ...[`path = ${directory}`, 'read only = no', ''],
    ].join('\n'),
  );
  await outputOf('smbpasswd', ['-c', config, '-a', '-s', cifsShare.user], {
    input: `${cifsShare.password}\n${cifsShare.password}\n`,
  });
  runUntilDisposed(started, 'smbd', [
    '--foreground',
    '--no-process-group',
    '--debug-stdout',
    '--configfile',
    config,
  ]);
  await waitFor('smbd', () => accepts(445));
  return whatStarted(started, directory);
}

/** On the file system of /, as not every one can be exported. */
function shareDirectory(started: AsyncDisposableStack): string {
  const directory = fs.mkdtempSync('/var/lib/dhow-test-share-');
  started.defer(() => fs.rmSync(directory, { recursive: true, force: true }));
  return directory;
}

function whatStarted(started: AsyncDisposableStack, directory: string): FileServer {
  const server = started.move();
  return { directory, [Symbol.asyncDispose]: () => server.disposeAsync() };
}

function runUntilDisposed(started: AsyncDisposableStack, program: string, args: readonly string[]): void {
  // In a process group of its own: smbd ends all that are in its.
  const child = spawn(program, args, { stdio: ['ignore', 'inherit', 'inherit'], detached: true });
  started.defer(async () => {
    if (child.exitCode !== null) return;
    child.kill();
    await once(child, 'exit');
  });
}

async function accepts(port: number): Promise<boolean> {
  const socket = net.connect(port, '127.0.0.1');
  const connected = await once(socket, 'connect').then(
    () => true,
    () => false,
  );
  socket.destroy();
  return connected;
}

function missingFileSystems(...types: string[]): string | undefined {
  const missing = types.find((type) => {
    spawnSync('modprobe', ['--quiet', type]);
    return !new RegExp(`\t${type}$`, 'm').test(fs.readFileSync('/proc/filesystems', 'utf8'));
  });
  return missing && `the kernel has no ${missing} (test/vm/run has)`;
}

function missingPrograms(...programs: string[]): string | undefined {
  const missing = programs.find(
    (program) => !fs.existsSync(`/usr/sbin/${program}`) && !fs.existsSync(`/usr/bin/${program}`),
  );
  return missing && `${missing} is not installed`;
}

function readIfThere(file: string): string {
  return fs.existsSync(file) ? fs.readFileSync(file, 'utf8') : '';
}
