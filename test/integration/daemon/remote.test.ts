import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { type Cli, cliNames, dhowProgram } from '../../support/cli.ts';
import { type Daemon, startDaemon } from '../../support/daemon.ts';
import { importBase } from '../../support/describe-engine.ts';

/** Stands in for ssh and the host behind it: runs here what it should run there. */
const ssh = `#!/bin/sh
while [ "$1" != -- ]; do shift; done
shift 2
exec sh -c "$*"
`;

describe('a daemon that is reached by ssh', () => {
  let daemon: Daemon;
  let host: string;
  let environment: Record<string, string>;

  before(async () => {
    daemon = await startDaemon();
    await importBase(daemon);
    const programs = path.join(daemon.directory, 'programs');
    fs.mkdirSync(programs);
    fs.writeFileSync(path.join(programs, 'ssh'), ssh, { mode: 0o755 });
    fs.symlinkSync(dhowProgram, path.join(programs, 'dhow'));
    environment = { PATH: `${programs}:${process.env['PATH']}` };
    host = `ssh://root@far.example${daemon.socket}`;
  });
  after(() => daemon?.[Symbol.asyncDispose]());

  const on = (cli: Cli, args: readonly string[], input?: string) =>
    cli.run(args, {
      environment: { ...environment, DOCKER_HOST: host },
      ...(input === undefined ? {} : { input }),
    });

  for (const name of cliNames) {
    test(`commands, streams and their ends, by ${name}`, async () => {
      const cli = daemon.cli(name);
      const version = await on(cli, ['version', '--format', '{{.Server.Version}}']);
      assert.equal(version.code, 0, version.stderr);
      const script = 'cat; echo to stderr >&2; exit 3';
      const run = await on(cli, ['run', '--rm', '-i', 'busybox', 'sh', '-c', script], 'typed\n');
      assert.deepEqual(run, { code: 3, stdout: 'typed\n', stderr: 'to stderr\n' });
      const large = await on(cli, ['run', '--rm', 'busybox', 'sh', '-c', 'seq 200000']);
      assert.equal(large.stdout.split('\n').length, 200_001);
    });
  }

  test('contexts go from one command line to the other', async () => {
    const docker = daemon.cli('docker');
    const dhow = daemon.cli('dhow');
    const file = path.join(daemon.directory, 'far.dockercontext');
    for (const [name, from, to] of [
      ['from-dhow', dhow, docker],
      ['from-docker', docker, dhow],
    ] as const) {
      await from.out('context', 'create', name, '--description', 'far away', '--docker', `host=${host}`);
      await from.out('context', 'export', name, file);
      const again = await from.run(['context', 'export', name, file]);
      assert.equal(again.code, 1, 'nothing is overwritten');
      await to.out('context', 'rm', name);
      await to.out('context', 'import', name, file);
      const [context] = JSON.parse(await to.out('context', 'inspect', name));
      assert.equal(context.Endpoints.docker.Host, host);
      assert.equal(context.Metadata.Description, 'far away');
      const containers = await to.run(['--context', name, 'ps', '--quiet'], {
        environment: { ...environment, DOCKER_HOST: undefined },
      });
      assert.equal(containers.code, 0, containers.stderr);
      await to.out('context', 'rm', name);
      fs.rmSync(file);
    }
  });
});
