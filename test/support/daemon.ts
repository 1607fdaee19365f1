import fs from 'node:fs';
import path from 'node:path';
import { compareSnapshots, formatDifference, isClean, settle } from '../../tools/host-clean/compare.ts';
import { type HostSnapshot, snapshotHost } from '../../tools/host-clean/snapshot.ts';
import { type Cli, createCli, dhowProgram } from './cli.ts';
import { outputOf, runCommand } from './command.ts';
import { type DaemonProcess, startDaemonProcess } from './daemon-process.ts';
import type { Engine } from './engine.ts';
import { createScratch, type Scratch } from './scratch.ts';

/** A Dhow daemon with roots, socket, bridge, nft table and cgroup of its own. */
export interface Daemon extends Engine {
  readonly dataRoot: string;
  readonly runRoot: string;
  readonly bridge: string;
  readonly nftTable: string;
  /** Below each cgroup hierarchy. */
  readonly cgroupParent: string;
  /** The arguments after `dhow daemon`, to start another one of the same. */
  readonly args: readonly string[];
  stop(): Promise<void>;
  kill9(): Promise<void>;
  /** With another program: that one from now on. */
  start(program?: string): Promise<void>;
}

export interface DaemonOptions {
  args?: readonly string[];
  /** Another `dhow` than this checkout's. */
  program?: string;
  environment?: Readonly<Record<string, string>>;
  /** On a file system of its own, which the caller removes after the daemon. */
  dataRoot?: string;
}

/**
 * Starts Dhow and waits until it answers. Disposing removes all containers, and throws when something other than what a stopped
 * daemon keeps on purpose (its bridge, its table, its files) is left; then removes these too and throws when anything remains.
 */
export async function startDaemon(options: DaemonOptions = {}): Promise<Daemon> {
  const before = snapshotHost();
  const scratch = createScratch();
  const { id } = scratch;
  const socket = path.join(scratch.runDirectory, 'dhow.sock');
  const own = {
    dataRoot: options.dataRoot ?? path.join(scratch.directory, 'data'),
    runRoot: path.join(scratch.runDirectory, 'run'),
    bridge: `dt${id}`,
    nftTable: `dhow_test_${id}`,
    cgroupParent: `/dhow-test-${id}`,
  };
  const args = [
    ['--host', `unix://${socket}`],
    ['--data-root', own.dataRoot],
    ['--run-root', own.runRoot],
    ['--bridge', own.bridge],
    ['--nft-table', own.nftTable],
    ['--cgroup-parent', own.cgroupParent],
    ['--log-level', 'debug'],
    options.args ?? [],
  ].flat();
  const logFile = path.join(scratch.directory, 'daemon.log');
  const configDirectory = path.join(scratch.directory, 'config');
  fs.mkdirSync(configDirectory);

  let daemon: DaemonProcess | undefined;
  let { program = dhowProgram } = options;
  const start = async (next = program): Promise<void> => {
    program = next;
    daemon = await startDaemonProcess(program, ['daemon', ...args], socket, logFile, options.environment);
  };
  const host = `unix://${socket}`;
  const cli = (name: Cli['name']): Cli => createCli(name, () => ({ host, configDirectory }));
  const log = (): string => fs.readFileSync(logFile, 'utf8');

  try {
    await start();
  } catch (error) {
    await sweep(before, scratch, own);
    throw error;
  }
  return {
    ...own,
    kind: 'dhow',
    socket,
    host,
    args,
    directory: scratch.directory,
    get pid() {
      return daemon?.pid ?? 0;
    },
    cli,
    log,
    start,
    stop: async () => daemon?.stop(),
    kill9: async () => daemon?.kill9(),
    async [Symbol.asyncDispose]() {
      const problems: string[] = [];
      try {
        if (!fs.existsSync(`/proc/${daemon?.pid}`)) await start();
        problems.push(...(await removeContainers(cli('docker'))));
        const mentions = mentionsOf(scratch, own);
        const except = (line: string): boolean => isKept(line, daemon?.pid ?? 0, own);
        const left = await settle(before, { mentions, except });
        if (!isClean(left)) problems.push(`after the removal of all containers:\n${formatDifference(left)}`);
        await daemon?.stop();
      } catch (error) {
        problems.push(String(error));
      }
      const daemonLog = log();
      await daemon?.kill9();
      problems.push(...(await sweep(before, scratch, own)));
      if (problems.length > 0) {
        throw new Error(
          `Dhow left something behind\n${problems.join('\n')}\ndaemon's log:\n${daemonLog.slice(-4000)}`,
        );
      }
    },
  };
}

type OwnNames = Pick<Daemon, 'dataRoot' | 'runRoot' | 'bridge' | 'nftTable' | 'cgroupParent'>;

function mentionsOf({ id, directory, runDirectory }: Scratch, own: OwnNames): string[] {
  return [`dhow-test-${id}`, directory, runDirectory, own.dataRoot, own.bridge, own.nftTable];
}

/** What a daemon without containers has on purpose: itself, its files and its view of them, its bridge, and a table whose maps are empty. */
function isKept(line: string, pid: number, { runRoot, bridge, nftTable, cgroupParent }: OwnNames): boolean {
  return (
    // The data root with the ids of containers, which goes with the daemon.
    (line.startsWith('mount ') && line.includes(` on ${runRoot}/mapped/`)) ||
    line.startsWith(`process ${pid} `) ||
    line.startsWith('file ') ||
    line === `link ${bridge}` ||
    line.startsWith(`link ${bridge} `) ||
    (line.startsWith('route ') && line.includes(`dev ${bridge} `)) ||
    (line.startsWith('nft ') && line.includes(nftTable) && !line.startsWith('nft element ')) ||
    (line.startsWith('nft element ') && line.includes(`"${bridge}"`)) ||
    (line.startsWith('cgroup ') && /^(\/conmon)?$/.test(line.split(cgroupParent)[1] ?? '-'))
  );
}

async function removeContainers(docker: Cli): Promise<string[]> {
  const ids = (await docker.out('ps', '--all', '--quiet', '--no-trunc'))
    .split('\n')
    .filter((id) => id !== '');
  if (ids.length === 0) return [];
  const { code, stderr } = await docker.run(['rm', '--force', '--volumes', ...ids]);
  return code === 0 ? [] : [`docker rm --force: ${stderr}`];
}

/** Removes whatever is the daemon's own, by force, and says what could not be removed. */
async function sweep(before: HostSnapshot, scratch: Scratch, own: OwnNames): Promise<string[]> {
  const mentions = mentionsOf(scratch, own);
  const leaked = (kind: string): string[] =>
    compareSnapshots(before, snapshotHost(), { mentions }).leaked.filter((line) =>
      line.startsWith(`${kind} `),
    );
  for (const line of leaked('process')) killQuietly(Number(line.split(' ')[1]));
  for (const line of leaked('mount').reverse()) {
    await runCommand('umount', ['--lazy', line.slice(line.indexOf(' on ') + 4)]);
  }
  for (const line of leaked('link').filter((link) => link.split(' ')[1] !== own.bridge)) {
    await runCommand('ip', ['link', 'delete', line.split(' ')[1] ?? '']);
  }
  await runCommand('ip', ['link', 'delete', own.bridge]);
  for (const line of leaked('nft').filter((line) => line.startsWith('nft table '))) {
    await outputOf('nft', ['delete', 'table', ...line.split(' ').slice(2)]);
  }
  for (const line of leaked('cgroup').reverse()) {
    try {
      fs.rmdirSync(line.slice('cgroup '.length));
    } catch {
      // Busy: the check below names it.
    }
  }
  const runtimeDirectory = path.join(own.runRoot, 'runtime');
  // On a host whose /run is on a disk this is a link into memory.
  if (fs.existsSync(runtimeDirectory)) fs.rmSync(fs.realpathSync(runtimeDirectory), { recursive: true });
  scratch.remove();
  const left = await settle(before, { mentions });
  return isClean(left) ? [] : [`after the removal of the daemon:\n${formatDifference(left)}`];
}

function killQuietly(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // Gone already.
  }
}
