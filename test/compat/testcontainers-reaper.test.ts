import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { after, before, describe, it } from 'node:test';
import { outputOf } from '../support/command.ts';
import type { Engine } from '../support/engine.ts';
import { waitFor } from '../support/wait-for.ts';
import { startEngine } from './start-engine.ts';

/** The reaper that testcontainers starts beside the containers of a suite, with the daemon's own socket in it. */
describe('testcontainers with its reaper', () => {
  let engine: Engine;
  before(async () => {
    engine = await startEngine();
    await importReaper(engine, 'testcontainers/ryuk:0.14.0');
  });
  after(() => engine?.[Symbol.asyncDispose]());

  it('a suite that is killed leaves nothing', async () => {
    const docker = engine.cli('docker');
    const suite = spawn(process.execPath, [path.join(import.meta.dirname, 'reaper/suite.ts')], {
      stdio: ['ignore', 'pipe', 'inherit'],
      env: {
        ...process.env,
        DOCKER_HOST: engine.host,
        DOCKER_CONFIG: `${engine.directory}/config`,
        TESTCONTAINERS_DOCKER_SOCKET_OVERRIDE: engine.socket,
        TESTCONTAINERS_RYUK_RECONNECTION_TIMEOUT: '1s',
        TESTCONTAINERS_RYUK_DISABLED: undefined,
      },
    });
    const ended = once(suite, 'exit');
    let network = '';
    try {
      const [line] = await Promise.race([
        once(createInterface(suite.stdout), 'line'),
        ended.then(([code]) => assert.fail(`the suite ended with ${code}`)),
      ]);
      const made: { container: string; network: string } = JSON.parse(line);
      network = made.network;
      const containers = await docker.out('ps', '--no-trunc', '--format', '{{.ID}} {{.Image}}');
      assert.match(containers, new RegExp(`^${made.container} busybox`, 'm'));
      assert.match(containers, /^\w+ testcontainers\/ryuk:/m);
    } finally {
      suite.kill('SIGKILL');
      await ended;
    }
    await waitFor('everything to go', async () => (await docker.out('ps', '-aq')) === '');
    assert.equal((await docker.run(['network', 'inspect', network])).code, 1);
  });
});

/** An image with this Node, the libraries that it needs, and the stand-in. */
async function importReaper(engine: Engine, name: string): Promise<void> {
  const root = path.join(engine.directory, 'reaper');
  const libraries = (await outputOf('ldd', [process.execPath])).match(/\/\S+/g) ?? [];
  const files: [source: string, target: string][] = [
    [process.execPath, '/node'],
    [path.join(import.meta.dirname, 'reaper/stand-in.mjs'), '/reaper.mjs'],
    ...libraries.map((library): [string, string] => [library, library]),
  ];
  for (const [source, target] of files) {
    fs.mkdirSync(path.join(root, path.dirname(target)), { recursive: true });
    fs.copyFileSync(source, path.join(root, target));
  }
  await outputOf('tar', ['-C', root, '-cf', `${root}.tar`, '.']);
  const changes = ['CMD ["/node","/reaper.mjs"]', 'EXPOSE 8080'].flatMap((change) => ['--change', change]);
  await engine.cli('docker').out('import', ...changes, `${root}.tar`, name);
}
