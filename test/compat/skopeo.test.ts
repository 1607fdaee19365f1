import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { outputOf } from '../support/command.ts';
import type { Engine } from '../support/engine.ts';
import { type PushedImage, pushImage } from '../support/push-image.ts';
import { type Registry, startRegistry } from '../support/registry.ts';
import { startEngine } from './start-engine.ts';

/** skopeo's transport `docker-daemon:`, which speaks the Engine API to the daemon. */
describe('skopeo', () => {
  let engine: Engine;
  let registry: Registry;
  let image: PushedImage;
  const docker = (...args: string[]): Promise<string> => engine.cli('docker').out(...args);

  before(async () => {
    registry = await startRegistry();
    engine = await startEngine();
    const recipe = { format: 'docker', compression: 'gzip', files: { greeting: 'hello' } } as const;
    image = await pushImage(registry, 'app', recipe, 'v1');
  });
  after(async () => {
    await engine?.[Symbol.asyncDispose]();
    await registry?.[Symbol.asyncDispose]();
  });

  it('reads an image from the daemon, with its configuration and layers as they are', async () => {
    await docker('pull', '-q', `${registry.address}/app:v1`);
    const source = `docker-daemon:${registry.address}/app:v1`;
    const inspected = JSON.parse(
      await outputOf('skopeo', ['inspect', '--config', '--raw', '--daemon-host', engine.host, source]),
    );
    assert.deepEqual(inspected.rootfs.diff_ids, image.diffIds);
    await registry.skopeoCopy(
      source,
      `docker://${registry.address}/copied:v1`,
      '--src-daemon-host',
      engine.host,
    );
    await docker('rmi', `${registry.address}/app:v1`);
    await docker('pull', '-q', `${registry.address}/copied:v1`);
    const copied = `${registry.address}/copied:v1`;
    assert.equal(await docker('images', '-q', '--no-trunc', copied), image.configDigest);
    assert.equal(await docker('run', '--rm', copied, 'cat', '/greeting'), 'hello');
    await docker('rmi', copied);
  });

  it('writes an image to the daemon', async () => {
    await registry.skopeoCopy(
      `docker://${registry.address}/app:v1`,
      'docker-daemon:written:v1',
      '--dest-daemon-host',
      engine.host,
    );
    assert.equal(await docker('images', '-q', '--no-trunc', 'written:v1'), image.configDigest);
    assert.equal(await docker('run', '--rm', 'written:v1', 'cat', '/greeting'), 'hello');
    await docker('rmi', 'written:v1');
  });
});
