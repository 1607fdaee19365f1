import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { findProgram } from '../../../src/runtime/detect.ts';
import { hasAppArmor } from '../../../src/sys/security-modules.ts';
import { type Cli, cliNames } from '../../support/cli.ts';
import { type Daemon, startDaemon } from '../../support/daemon.ts';
import { importBase } from '../../support/describe-engine.ts';
import { waitFor } from '../../support/wait-for.ts';

const skip = !hasAppArmor()
  ? 'this kernel confines nothing by AppArmor'
  : findProgram('apparmor_parser') === undefined && 'apparmor_parser is not installed';
const confined = 'dhow-default (enforce)';
const unconfined = ['--security-opt', 'apparmor=unconfined'];
const ownLabel = ['cat', '/proc/self/attr/current'];

/** Lists the files that can be opened to be written. Nothing is written. */
const writable = (directories: string): string[] => [
  ...['sh', '-c'],
  `find ${directories} -type f 2>/dev/null | while read -r file; do true >>"$file" && echo "$file"; done 2>/dev/null; true`,
];

describe('the AppArmor profile of containers that name none', { skip }, () => {
  let daemon: Daemon;
  before(async () => {
    daemon = await startDaemon();
    await importBase(daemon);
  });
  after(() => daemon?.[Symbol.asyncDispose]());

  for (const client of cliNames)
    describe(`by ${client}`, () => {
      let cli: Cli;
      before(() => {
        cli = daemon.cli(client);
      });
      const unique = (name: string): string => `${name}-${client}`;
      it('is told of by info', async () => {
        assert.match(await cli.out('info', '--format', '{{.SecurityOptions}}'), /name=apparmor/);
      });

      for (const runtime of ['crun', 'runc']) {
        describe(`with ${runtime}`, () => {
          const box = unique(`box-${runtime}`);
          const make = (...rest: string[]): Promise<string> =>
            cli.out('run', '--runtime', runtime, '--detach', ...rest);
          const once = (...rest: string[]): Promise<string> =>
            cli.out('run', '--runtime', runtime, '--rm', ...rest);
          const profileOf = (name: string): Promise<string> =>
            cli.out('inspect', '--format', '{{.AppArmorProfile}}', name);
          const script = 'trap "exit 7" TERM; trap "touch /told" USR1; while true; do sleep 0.1; done';
          const health = ['--health-cmd', ownLabel.join(' '), '--health-interval', '2s'];
          before(() => make('--name', box, ...health, 'busybox', 'sh', '-c', script));
          after(() => cli.out('rm', '--force', box));
          const inside = (...command: string[]): Promise<string> => cli.out('exec', box, ...command);

          it('confines all processes of a container', async () => {
            assert.equal(await inside('cat', '/proc/1/attr/current'), confined);
            assert.equal(await inside(...ownLabel), confined);
            assert.equal(await cli.out('exec', '--privileged', box, ...ownLabel), confined);
            assert.equal(await cli.out('exec', '--user', 'alice', box, ...ownLabel), confined);
            assert.equal(await profileOf(box), 'dhow-default');
            await waitFor('the health check to be seen', async () =>
              /^dhow-default \(enforce\)/.test(
                await cli.out('inspect', '--format', '{{(index .State.Health.Log 0).Output}}', box),
              ),
            );
          });

          it('goes with the other settings of security', async () => {
            for (const options of [
              ['--security-opt', 'no-new-privileges'],
              ['--user', 'alice', '--cap-drop', 'ALL'],
              ['--read-only', '--init'],
              ['--tty'],
              ['--security-opt', 'seccomp=unconfined', '--network', 'host', '--ipc', 'host', '--pid', 'host'],
            ]) {
              assert.equal(
                (await once(...options, 'busybox', ...ownLabel)).trim(),
                confined,
                options.join(' '),
              );
            }
          });

          it('is none by --security-opt and with --privileged, and has Docker’s name, too', async () => {
            for (const options of [['--privileged'], unconfined]) {
              const name = unique(`free-${runtime}`);
              await make('--name', name, ...options, 'busybox', 'sleep', '1000');
              assert.equal(await cli.out('exec', name, ...ownLabel), 'unconfined');
              assert.equal(await profileOf(name), 'unconfined');
              await cli.out('rm', '--force', name);
            }
            const dockers = ['--security-opt', 'apparmor=docker-default'];
            assert.equal(await once(...dockers, 'busybox', ...ownLabel), confined);
          });

          it('lets those inside send signals to each other, and hold each other', async () => {
            await inside('kill', '-USR1', '1');
            await waitFor('the signal', async () => (await cli.run(['exec', box, 'ls', '/told'])).code === 0);
            assert.match(await inside('ls', '-l', '/proc/1/exe'), /busybox/);
            assert.match(await cli.out('top', box), /sleep/);
          });

          it('lets the daemon send signals, also one that came later', async () => {
            await inside('rm', '/told');
            await cli.out('kill', '--signal', 'USR1', box);
            await waitFor('the signal', async () => (await cli.run(['exec', box, 'ls', '/told'])).code === 0);
            await daemon.kill9();
            await daemon.start();
            assert.equal(await inside(...ownLabel), confined);
            await cli.out('stop', box);
            assert.equal(await cli.out('inspect', '--format', '{{.State.ExitCode}}', box), '7');
            await cli.out('start', box);
            assert.equal(await inside(...ownLabel), confined);
            await cli.out('pause', box);
            await cli.out('kill', box);
            assert.equal(await cli.out('wait', box), '137');
          });

          it('denies what the kernel offers to root, however open the container is', async () => {
            const [open, free] = [unique(`open-${runtime}`), unique(`free-${runtime}`)];
            const everything = ['--security-opt', 'systempaths=unconfined', '--cap-add', 'ALL'];
            const options = [...everything, '--volume', '/sys:/sys'];
            await make('--name', open, ...options, 'busybox', 'sleep', '1000');
            await make('--name', free, ...options, ...unconfined, 'busybox', 'sleep', '1000');
            const [mount, readMemory] = [
              ['mount', '-t', 'tmpfs', 'none', '/tmp'],
              ['head', '-c1', '/proc/kcore'],
            ] as const;
            for (const command of [
              mount,
              ['mount', '-o', 'remount,rw', '/sys'],
              ['mount', '--bind', '/proc/sys', '/tmp'],
              readMemory,
              ['ls', '/sys/firmware'],
              ['ls', '/sys/kernel/security'],
              ['sh', '-c', 'echo h >/proc/sysrq-trigger'],
              ['sh', '-c', 'echo h >>/proc/sysrq-trigger'],
              ['sh', '-c', 'echo core >/proc/sys/kernel/core_pattern'],
              ['sh', '-c', 'echo changeprofile unconfined >/proc/self/attr/current'],
              ['sh', '-c', 'echo exec unconfined >/proc/self/attr/exec && true'],
            ]) {
              const { code, stderr } = await cli.run(['exec', open, ...command]);
              assert.notEqual(code, 0, command.join(' '));
              assert.match(stderr, /permission denied/i, command.join(' '));
            }
            const listIn = async (name: string, directories: string): Promise<string[]> =>
              (await cli.out('exec', name, ...writable(directories))).split('\n').filter(Boolean);
            const settings = await listIn(open, '/proc/sys');
            assert.deepEqual(
              settings.filter((setting) => !/^\/proc\/sys\/kernel\/(msg|sem|shm)/.test(setting)),
              [],
            );
            assert.ok(settings.includes('/proc/sys/kernel/shmmax'));
            const objects = await listIn(open, '/sys/kernel /sys/module /sys/fs');
            assert.deepEqual(
              objects.filter((object) => !object.startsWith('/sys/fs/cgroup/')),
              [],
            );
            assert.notEqual(objects.length, 0);
            await cli.out('exec', open, 'umount', '/sys/fs/cgroup');

            for (const command of [mount, readMemory]) await cli.out('exec', free, ...command);
            const core = '/proc/sys/kernel/core_pattern';
            assert.deepEqual(await listIn(free, core), [core]);
            await cli.out('rm', '--force', open, free);
          });
        });
      }

      it('confines the commands of builds', async () => {
        const context = path.join(daemon.directory, unique('context'));
        fs.mkdirSync(context);
        fs.writeFileSync(
          path.join(context, 'Dockerfile'),
          'FROM busybox\nRUN cat /proc/self/attr/current >/label\n',
        );
        const tag = unique('built');
        await cli.out('build', '--tag', tag, context);
        assert.equal(await cli.out('run', '--rm', tag, 'cat', '/label'), confined);
        await cli.out('rmi', tag);
      });
    });
});
