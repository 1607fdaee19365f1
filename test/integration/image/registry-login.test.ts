import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { after, afterEach, before, it } from 'node:test';
import { describeEngine } from '../../support/describe-engine.ts';
import { pushImage } from '../../support/push-image.ts';
import { type Registry, registryUser, startRegistry } from '../../support/registry.ts';

let open: Registry;
let guarded: Registry;
before(async () => {
  open = await startRegistry();
  guarded = await startRegistry({ guarded: true });
});
after(async () => {
  await guarded?.[Symbol.asyncDispose]();
  await open?.[Symbol.asyncDispose]();
});

describeEngine('pull › from a registry that asks for a password', ({ cli, engine, unique }) => {
  const configFile = (): string => path.join(engine().directory, 'config/config.json');
  const basic = (username: string, password: string): string =>
    Buffer.from(`${username}:${password}`).toString('base64');

  async function push(repository: string): Promise<string> {
    const recipe = { format: 'oci', compression: 'gzip', files: { greeting: repository } } as const;
    await pushImage(open, repository, recipe, 'v1');
    const { username, password } = registryUser;
    await guarded.skopeoCopy(
      `docker://${open.address}/${repository}:v1`,
      `docker://${guarded.address}/${repository}:v1`,
      `--dest-creds=${username}:${password}`,
    );
    return `${guarded.address}/${repository}:v1`;
  }

  afterEach(() => fs.rmSync(configFile(), { force: true }));

  it('takes the credentials of config.json, also for run', async () => {
    const repository = unique('login');
    const name = await push(repository);
    const { username, password } = registryUser;
    fs.writeFileSync(
      configFile(),
      JSON.stringify({ auths: { [guarded.address]: { auth: basic(username, password) } } }),
    );
    assert.equal(await cli.out('pull', '-q', name), name);
    await cli.out('rmi', name);
    assert.equal(await cli.out('run', '--rm', name, 'cat', '/greeting'), repository);
  });

  it('is refused without credentials, and with wrong ones', async () => {
    const name = await push(unique('refused'));
    const configs = [{}, { auths: { [guarded.address]: { auth: basic(registryUser.username, 'wrong') } } }];
    for (const config of configs) {
      fs.writeFileSync(configFile(), JSON.stringify(config));
      const { code, stdout, stderr } = await cli.run(['pull', name]);
      assert.equal(code, 1);
      assert.equal(stdout, '');
      assert.match(stderr, /unauthorized|no basic auth credentials|authentication required/i);
      assert.doesNotMatch(stderr, /wrong/);
    }
    assert.equal(await cli.out('images', '-q', name), '');
    assert.doesNotMatch(engine().log(), /wrong|secret/);
  });

  it('does not show the credentials of one registry to another', async () => {
    const name = await push(unique('other'));
    const { username, password } = registryUser;
    fs.writeFileSync(
      configFile(),
      JSON.stringify({ auths: { [open.address]: { auth: basic(username, password) } } }),
    );
    assert.equal((await cli.run(['pull', name])).code, 1);
  });
});
