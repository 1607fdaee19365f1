import path from 'node:path';
import { baseRootfs } from '../../test/support/base-image.ts';
import { outputOf } from '../../test/support/command.ts';
import { startDockerd as startEngine } from '../../test/support/dockerd.ts';
import { type BenchEngine, contestantNames } from '../contestants.ts';

/** Debian's dockerd with a containerd of its own, as it is configured by default: runc, docker0, one docker-proxy per port. */
export async function startDockerd(): Promise<BenchEngine> {
  await using undo = new AsyncDisposableStack();
  const engine = undo.use(await startEngine());
  const environment = {
    DOCKER_HOST: engine.host,
    DOCKER_CONFIG: path.join(engine.directory, 'config'),
    DOCKER_CONTEXT: undefined,
  };
  await outputOf('docker', ['import', await baseRootfs(), 'busybox'], { environment });
  const version = await outputOf('docker', ['version', '--format', '{{.Server.Version}}'], { environment });
  const contestant: BenchEngine = {
    name: 'dockerd',
    description: `dockerd ${version} with containerd and runc, bridge docker0`,
    cli: {
      name: contestantNames.dockerOnDockerd,
      invoke: (...args) => ({ program: 'docker', args, environment }),
    },
    isDaemon: ({ pid, parent, name }) =>
      pid === engine.pid || (parent === engine.pid && name === 'containerd'),
    isHelper: ({ parent, name, commandLine }) =>
      (parent === engine.pid && name === 'docker-proxy') ||
      (name.startsWith('containerd-shim') && commandLine.includes(path.basename(engine.directory))),
    [Symbol.asyncDispose]: () => engine[Symbol.asyncDispose](),
  };
  undo.move();
  return contestant;
}
