import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { describeEngine } from '../../support/describe-engine.ts';
import { waitFor } from '../../support/wait-for.ts';

/** Counts on while it runs, in bursts that are each larger than a file. */
const counting =
  'i=0; while :; do j=0; while [ $j -lt 3000 ]; do i=$((i + 1)); j=$((j + 1)); echo $i; done; sleep 0.2; done';

describeEngine('log rotation', ({ cli, unique }) => {
  for (const compress of [false, true]) {
    test(`keeps the newest output within the limits, without gaps${compress ? ', compressed' : ''}`, async () => {
      const name = unique('rotated');
      await cli.out(
        ...['run', '--detach', '--name', name, '--log-opt', 'max-size=100k', '--log-opt', 'max-file=3'],
        ...['--log-opt', `compress=${compress}`, 'busybox', 'sh', '-c', counting],
      );
      const log = await cli.out('inspect', '--format', '{{.LogPath}}', name);
      const files = () => fs.readdirSync(path.dirname(log)).filter((file) => /^log(\.\d|$)/.test(file));
      const suffix = compress ? '.gz' : '';
      await waitFor('the first file has gone', () => {
        const oldest = Math.min(
          ...files()
            .flatMap((file) => /^log\.(\d+)/.exec(file)?.[1] ?? [])
            .map(Number),
        );
        return oldest > 1 && files().includes(`log.${oldest}${suffix}`) && fs.existsSync(log);
      });
      assert.ok(files().length <= 3, String(files()));
      await cli.out('kill', name);
      await cli.out('wait', name);
      const lines = (await cli.out('logs', name)).split('\n').map(Number);
      const [first = 0] = lines;
      assert.ok(first > 1, 'the oldest is gone');
      assert.deepEqual(
        lines,
        Array.from({ length: lines.length }, (_, index) => first + index),
      );
      const tail = (await cli.out('logs', '--tail', String(lines.length - 1), name)).split('\n');
      assert.deepEqual(tail.map(Number), lines.slice(1));
      await cli.out('rm', name);
    });
  }

  test('options that are wrong or not there are refused by name', async () => {
    for (const option of ['max-size=big', 'max-file=0', 'compress=perhaps', 'gelf-address=udp://x']) {
      const { code, stderr } = await cli.run(['run', '--rm', '--log-opt', option, 'busybox', 'true']);
      assert.equal(code, 125, option);
      assert.match(stderr, new RegExp(option.split('=')[0] ?? ''));
    }
    const driver = await cli.run(['run', '--rm', '--log-driver', 'gelf', 'busybox', 'true']);
    assert.equal(driver.code, 125);
    assert.match(driver.stderr, /"gelf" is not supported/);
  });
});
