import assert from 'node:assert/strict';
import { after, before, it } from 'node:test';
import { describeEngine } from '../../support/describe-engine.ts';
import { pushImage } from '../../support/push-image.ts';
import { type Registry, startRegistry } from '../../support/registry.ts';

let registry: Registry;
before(async () => {
  registry = await startRegistry();
});
after(() => registry?.[Symbol.asyncDispose]());

describeEngine('run › an image that is not here', ({ cli, unique }) => {
  async function push(repository: string, greeting = repository): Promise<string> {
    const files = { greeting };
    await pushImage(registry, repository, { format: 'oci', compression: 'gzip', files }, 'latest');
    return `${registry.address}/${repository}`;
  }
  const command = ['cat', '/greeting'];

  it('is pulled, with the progress on stderr and the output on stdout', async () => {
    const repository = unique('missing');
    const name = await push(repository);
    const { code, stdout, stderr } = await cli.run(['run', '--rm', name, ...command]);
    assert.equal(code, 0);
    assert.equal(stdout, repository);
    const lines = stderr.trim().split('\n');
    assert.equal(lines[0], `Unable to find image '${name}:latest' locally`);
    assert.equal(lines[1], `latest: Pulling from ${repository}`);
    assert.equal(lines.at(-1), `Status: Downloaded newer image for ${name}:latest`);
    const again = await cli.run(['run', '--rm', name, ...command]);
    assert.deepEqual(again, { code: 0, stdout: repository, stderr: '' });
  });

  it('is pulled by create too, and without words with -q', async () => {
    const name = await push(unique('quiet'));
    const { code, stdout, stderr } = await cli.run(['create', '-q', name]);
    assert.equal(code, 0);
    assert.equal(stderr, '');
    assert.match(stdout, /^[0-9a-f]{64}\n$/);
    await cli.out('rm', stdout.trim());
  });

  it('is an error with --pull never', async () => {
    const name = await push(unique('never'));
    const { code, stdout, stderr } = await cli.run(['run', '--rm', '--pull', 'never', name, ...command]);
    assert.equal(code, 125);
    assert.equal(stdout, '');
    assert.match(stderr, new RegExp(`No such image: ${name}:latest`));
    assert.equal(await cli.out('images', '-q', name), '');
  });

  it('is looked for anew with --pull always, and not with --pull missing', async () => {
    const repository = unique('always');
    const name = await push(repository, 'old');
    await cli.out('pull', '-q', name);
    await push(repository, 'new');
    assert.equal(await cli.out('run', '--rm', '--pull', 'missing', name, ...command), 'old');
    assert.equal(await cli.out('run', '--rm', '--pull', 'always', '-q', name, ...command), 'new');
    assert.equal(await cli.out('run', '--rm', name, ...command), 'new');
  });

  it('is a 125 when no registry has it either', async () => {
    const name = `${registry.address}/${unique('nowhere')}:v1`;
    const { code, stdout, stderr } = await cli.run(['run', '--rm', name, ...command]);
    assert.equal(code, 125);
    assert.equal(stdout, '');
    assert.match(stderr, new RegExp(`Unable to find image '${name}' locally\n`));
    assert.match(stderr, /manifest for \S+ not found: manifest unknown/);
  });
});
