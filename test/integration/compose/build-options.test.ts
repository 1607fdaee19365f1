import assert from 'node:assert/strict';
import { it } from 'node:test';
import { outputOf } from '../../support/command.ts';
import { describeCompose } from './describe-compose.ts';

describeCompose('compose › options of build', ({ engine, project }) => {
  it('--check: what is wrong with the Dockerfiles, and nothing built', async () => {
    await using shop = project(
      'services: { good: { build: . }, bad: { build: { context: ., dockerfile: Badfile } } }',
    );
    shop.write('Dockerfile', 'FROM busybox\nRUN true\n');
    shop.write('Badfile', 'FROM busybox\nMAINTAINER me\n');
    const good = await shop.run(['build', '--check', 'good']);
    assert.equal(good.code, 0, good.stderr);
    assert.match(good.stderr, /^Check complete, no warnings found\.$/m);
    const both = await shop.run(['build', '--check']);
    assert.equal(both.code, 1);
    assert.match(both.stderr, /^bad +\| .*Badfile:2: MaintainerDeprecated/m);
    assert.match(both.stderr, /^good +\| Check complete, no warnings found\.$/m);
    assert.equal(await engine().cli('dhow').out('images', '--quiet', `${shop.name}-*`), '');
  });

  it('--print: the same as a bake file', async () => {
    await using shop = project(`
services:
  app:
    build:
      context: .
      args: { A: 1, UNSET: }
      labels: { x: y }
      tags: ['t:1']
      target: last
      extra_hosts: ['h=1.2.3.4']
      shm_size: 64m
    image: img
  inline: { build: { context: ., dockerfile_inline: FROM busybox }, platform: linux/amd64 }
  plain: { image: busybox }
`);
    const printed: unknown = JSON.parse(
      await shop.out('build', '--print', '--no-cache', '--push', '--ssh', 'default', '--build-arg', 'B=2'),
    );
    const labels = (service: string) => ({
      'com.docker.compose.project': shop.name,
      'com.docker.compose.service': service,
    });
    assert.deepEqual(printed, {
      group: { default: { targets: ['app', 'inline'] } },
      target: {
        app: {
          context: shop.directory,
          dockerfile: `${shop.directory}/Dockerfile`,
          args: { A: '1', B: '2' },
          labels: { x: 'y', ...labels('app') },
          tags: ['t:1', 'img'],
          target: 'last',
          ssh: ['default='],
          'no-cache': true,
          'shm-size': '67108864',
          'extra-hosts': { h: '1.2.3.4' },
          output: ['type=registry'],
        },
        inline: {
          context: shop.directory,
          'dockerfile-inline': 'FROM busybox',
          args: { B: '2' },
          labels: labels('inline'),
          tags: [`${shop.name}-inline`],
          ssh: ['default='],
          platforms: ['linux/amd64'],
          'no-cache': true,
          output: ['type=docker'],
        },
      },
    });
  });

  it('--memory: a limit for each command', async () => {
    await using shop = project('services: { app: { build: . } }');
    const limit = 'cat /sys/fs/cgroup/memory.max /sys/fs/cgroup/memory/memory.limit_in_bytes 2>/dev/null';
    shop.write('Dockerfile', `FROM busybox\nRUN ${limit} > /limit || true\n`);
    await shop.out('build', '--memory', '48m');
    assert.equal(await shop.out('run', '--rm', '-T', 'app', 'cat', '/limit'), String(48 * 1024 * 1024));
    await shop.out('down', '--rmi', 'local');
  });

  it('--builder, --provenance, --sbom, --ssh: what is there, and a refusal of the rest', async () => {
    await using shop = project('services: { app: { build: . } }');
    shop.write('Dockerfile', 'FROM busybox\n');
    await shop.out('build', '--builder', 'default', '--provenance', 'false', '--sbom=false');
    const refusals: [string[], RegExp][] = [
      [['--builder', 'mine'], /no builder "mine" found/],
      [['--provenance', 'true'], /--provenance is only supported as "false"/],
      [['--sbom', 'true'], /--sbom is only supported as "false"/],
      [['--ssh', 'word'], /invalid ssh key "word"/],
      [['--ssh', 'key=/not/there'], /there is no SSH key or agent at \/not\/there/],
    ];
    for (const [args, message] of refusals) {
      const { code, stderr } = await shop.run(['build', ...args]);
      assert.notEqual(code, 0);
      assert.match(stderr, message);
    }
    await shop.out('down', '--rmi', 'local');
  });

  it('--ssh: a key for the commands that ask for it', async () => {
    await using shop = project('services: { app: { build: . } }');
    shop.write('Dockerfile', 'FROM busybox\nRUN --mount=type=ssh test -S "$SSH_AUTH_SOCK"\n');
    await outputOf('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', `${shop.directory}/key`]);
    const without = await shop.run(['build']);
    assert.equal(without.code, 1);
    await shop.out('build', '--ssh', `default=${shop.directory}/key`);
    await shop.out('down', '--rmi', 'local');
  });
});
