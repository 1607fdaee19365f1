import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { Cli } from '../../support/cli.ts';
import { type Daemon, startDaemon } from '../../support/daemon.ts';
import { importBase } from '../../support/describe-engine.ts';

/**
 * The daemon dies by SIGKILL while it creates, starts, ends and removes containers. What a client was told is true afterwards, every
 * container can be used, and when all are removed nothing is left (which disposing the daemon checks).
 */
describe('a daemon killed at its work', () => {
  let daemon: Daemon;
  let docker: Cli;
  before(async () => {
    daemon = await startDaemon();
    docker = daemon.cli('docker');
    await importBase(daemon);
  });
  after(() => daemon?.[Symbol.asyncDispose]());

  const statuses = async (): Promise<Map<string, string>> => {
    const lines = (await docker.out('ps', '-a', '--format', '{{.Names}} {{.State}}')).split('\n');
    return new Map(lines.filter((line) => line !== '').map((line) => line.split(' ') as [string, string]));
  };

  for (const deadAfter of [1, 3, 5, 8, 11, 14]) {
    it(`after ${deadAfter} of 16 requests`, async () => {
      const name = (kind: string, index: number): string => `${kind}-${deadAfter}-${index}`;
      const indices = [0, 1, 2, 3];
      for (const index of indices) {
        await docker.out(
          'run',
          '-d',
          '--name',
          name('removed', index),
          '-v',
          '/data',
          'busybox',
          'sleep',
          '1000',
        );
        await docker.out('run', '-d', '--rm', '--name', name('ended', index), 'busybox', 'sleep', '1000');
      }
      let answered = 0;
      const died = Promise.withResolvers<void>();
      const ask = async (...args: string[]): Promise<boolean> => {
        const { code } = await docker.run(args);
        answered += 1;
        if (answered === deadAfter) daemon.kill9().then(died.resolve, died.reject);
        return code === 0;
      };
      const requests = indices.flatMap((index) => [
        ['run', '-d', '--name', name('started', index), '-p', '127.0.0.1::80', 'busybox', 'sleep', '1000'],
        ['rm', '-f', '-v', name('removed', index)],
        ['kill', name('ended', index)],
        ['create', '--name', name('created', index), '-v', '/data', 'busybox', 'sleep', '1000'],
      ]);
      const done = await Promise.all(requests.map((args) => ask(...args)));
      await died.promise;
      await daemon.start();

      const found = await statuses();
      const told = (verb: string): string[] =>
        requests
          .filter((args, index) => args[0] === verb && done[index])
          .map((args) => args.find((word) => /^[a-z]+-\d+-\d+$/.test(word)) ?? '');
      for (const started of told('run')) assert.equal(found.get(started), 'running', started);
      for (const created of told('create')) assert.equal(found.get(created), 'created', created);
      for (const gone of [...told('rm'), ...told('kill')]) assert.equal(found.get(gone), undefined, gone);

      for (const [container, status] of found) {
        if (status !== 'running') await docker.out('start', container);
        assert.equal(await docker.out('exec', container, 'echo', 'alive'), 'alive', container);
      }
      if (found.size > 0) await docker.out('rm', '-f', '-v', ...found.keys());
      assert.deepEqual([...(await statuses()).keys()], []);
      assert.equal(await docker.out('volume', 'ls', '-q'), '');
    });
  }
});
