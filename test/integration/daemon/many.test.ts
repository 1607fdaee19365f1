import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { Cli } from '../../support/cli.ts';
import { type Daemon, startDaemon } from '../../support/daemon.ts';
import { importBase } from '../../support/describe-engine.ts';
import { waitFor } from '../../support/wait-for.ts';

const count = 50;

describe(`a daemon that is killed and started again over ${count} running containers`, () => {
  let daemon: Daemon;
  let docker: Cli;
  const names = Array.from({ length: count }, (_, index) => `many-${index}`);

  before(async () => {
    daemon = await startDaemon();
    docker = daemon.cli('docker');
    await importBase(daemon);
    await Promise.all(
      names.map((name, index) =>
        docker.out(
          ...['run', '-d', '--name', name, '-v', `volume-${index}:/data`, 'busybox'],
          ...['sh', '-c', `trap 'exit ${index}' TERM; echo started ${index}; while :; do sleep 1; done`],
        ),
      ),
    );
    for (const [index, name] of names.entries()) {
      await waitFor(`the output of ${name}`, async () =>
        (await docker.out('logs', name)).includes(`started ${index}`),
      );
    }
  });
  after(() => daemon?.[Symbol.asyncDispose]());

  const identities = (): Promise<string> =>
    docker.out(
      ...['inspect', '-f'],
      '{{.Id}} {{.Name}} {{.State.Status}} {{.State.Pid}} {{.State.StartedAt}} {{.NetworkSettings.IPAddress}}',
      ...names,
    );

  it('loses none of them, whichever way it ends', async () => {
    const known = await identities();
    await daemon.kill9();
    await daemon.start();
    // The first answer is complete.
    const listed = await docker.out('ps', '--format', '{{.Names}}');
    assert.deepEqual(listed.split('\n').toSorted(), names.toSorted());
    assert.equal(await identities(), known);
    await daemon.stop();
    await daemon.start();
    assert.equal(await identities(), known);
  });

  it('has their output, and stops each with its own code', async () => {
    const logs = await Promise.all(names.map((name) => docker.out('logs', name)));
    assert.deepEqual(
      logs,
      names.map((_, index) => `started ${index}`),
    );
    await docker.out('stop', ...names);
    const codes = await docker.out('inspect', '-f', '{{.State.ExitCode}}', ...names);
    assert.deepEqual(codes.split('\n').map(Number), [...names.keys()]);
    await docker.out('rm', ...names);
    await docker.out('volume', 'rm', ...names.map((_, index) => `volume-${index}`));
  });
});
