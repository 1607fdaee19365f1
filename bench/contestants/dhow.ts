import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { baseRootfs } from '../../test/support/base-image.ts';
import { repository } from '../../test/support/cli.ts';
import { outputOf } from '../../test/support/command.ts';
import { type Daemon, startDaemon } from '../../test/support/daemon.ts';
import { type BenchEngine, type Contestant, contestantNames } from '../contestants.ts';

export interface DhowEngine extends BenchEngine {
  readonly dhow: Contestant;
  readonly daemon: Daemon;
}

/** `directory` receives the program as it would be installed: a bundle that no edit of the checkout changes meanwhile. */
export async function startDhow(directory: string): Promise<DhowEngine> {
  const program = installBundle(path.join(directory, 'dhow'));
  await using undo = new AsyncDisposableStack();
  const daemon = undo.use(await startDaemon({ program, args: ['--log-level', 'info'] }));
  const environment = {
    DOCKER_HOST: daemon.host,
    DOCKER_CONFIG: path.join(daemon.directory, 'config'),
    DOCKER_CONTEXT: undefined,
  };
  await outputOf('docker', ['import', await baseRootfs(), 'busybox'], { environment });
  const engine: DhowEngine = {
    name: 'dhow',
    description: `Dhow ${await outputOf(program, ['version', '--format', '{{.Server.Version}} ({{.Server.GitCommit}})'], { environment })}, its bridge`,
    daemon,
    cli: {
      name: contestantNames.dockerOnDhow,
      invoke: (...args) => ({ program: 'docker', args, environment }),
    },
    dhow: { name: contestantNames.dhow, invoke: (...args) => ({ program, args, environment }) },
    isDaemon: ({ pid }) => pid === daemon.pid,
    isHelper: ({ name, commandLine }) => name === 'conmon' && commandLine.includes(daemon.runRoot),
    [Symbol.asyncDispose]: () => daemon[Symbol.asyncDispose](),
  };
  undo.move();
  return engine;
}

function installBundle(target: string): string {
  fs.mkdirSync(target);
  fs.cpSync(path.join(repository, 'bin'), path.join(target, 'bin'), { recursive: true });
  fs.symlinkSync(path.join(repository, 'node_modules'), path.join(target, 'node_modules'));
  execFileSync(process.execPath, [path.join(repository, 'tools/build.mjs'), path.join(target, 'dist')]);
  return path.join(target, 'bin/dhow');
}
