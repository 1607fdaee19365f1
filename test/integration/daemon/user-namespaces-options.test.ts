import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { type Cli, cliNames } from '../../support/cli.ts';
import type { Daemon } from '../../support/daemon.ts';
import { compact, type RemappingDaemon, startRemappingDaemon } from '../../support/remapping-daemon.ts';

/** What `userns-remap` means for the options of a container. */
describe('the options of containers with ids of their own', () => {
  let remapping: RemappingDaemon;
  let daemon: Daemon;
  let docker: Cli;
  before(async () => {
    remapping = await startRemappingDaemon();
    ({ daemon, docker } = remapping);
  });
  after(() => remapping?.[Symbol.asyncDispose]());

  for (const name of cliNames) {
    describe(`by ${name}`, () => {
      let cli: Cli;
      before(() => {
        cli = daemon.cli(name);
      });

      it('says so in info', async () => {
        assert.match(await cli.out('info', '--format', '{{.SecurityOptions}}'), /name=userns/);
      });

      it('refuses what would reach the host, in Docker’s words, but not with --userns host', async () => {
        for (const [options, message] of [
          [['--privileged'], /privileged mode is incompatible with user namespaces/],
          [
            ['--network', 'host'],
            /cannot share the host's network namespace when user namespaces are enabled/,
          ],
          [['--pid', 'host'], /cannot share the host PID namespace when user namespaces are enabled/],
        ] as const) {
          const refused = await cli.run(['run', '--rm', ...options, 'busybox', 'true']);
          assert.equal(refused.code, 125);
          assert.match(refused.stderr, message);
          await cli.out('run', '--rm', '--userns', 'host', ...options, 'busybox', 'true');
        }
      });

      it('opts out with --userns host, which inspect tells', async () => {
        const map = await cli.out('run', '--rm', '--userns', 'host', 'busybox', 'cat', '/proc/self/uid_map');
        assert.equal(compact(map), '0 0 4294967295');
        const own = `optout-${name}`;
        await cli.out('create', '--name', own, '--userns', 'host', 'busybox');
        assert.equal(await cli.out('inspect', '--format', '{{.HostConfig.UsernsMode}}', own), 'host');
        await cli.out('rm', own);
      });
    });
  }

  it('refuses to share namespaces with a container of other ids', async () => {
    await docker.out('run', '-d', '--name', 'mapped', 'busybox', 'sleep', '1000');
    await docker.out('run', '-d', '--name', 'unmapped', '--userns', 'host', 'busybox', 'sleep', '1000');
    for (const [options, message] of [
      [['--network', 'container:unmapped'], /container unmapped, which runs with other ids/],
      [['--userns', 'host', '--network', 'container:mapped'], /container mapped, which runs with other ids/],
      [['--userns', 'host', '--pid', 'container:mapped'], /container mapped, which runs with other ids/],
      [['--ipc', 'container:mapped'], /must share its network as well: add --network container:mapped/],
    ] as const) {
      const refused = await docker.run(['run', '--rm', ...options, 'busybox', 'true']);
      assert.notEqual(refused.code, 0);
      assert.match(refused.stderr, message);
    }
    await docker.out('rm', '-f', 'mapped', 'unmapped');
  });
});
