import assert from 'node:assert/strict';
import fs from 'node:fs';
import { test } from 'node:test';
import { describeEngine } from '../../support/describe-engine.ts';
import { waitFor } from '../../support/wait-for.ts';

describeEngine('log rotation', ({ cli, unique }) => {
  test('keeps the newest output within the limits, without gaps', async () => {
    const name = unique('rotated');
    // Counts on while it runs, in bursts that are each larger than a file.
    const script =
      'i=0; while :; do j=0; while [ $j -lt 3000 ]; do i=$((i + 1)); j=$((j + 1)); echo $i; done; sleep 0.2; done';
    await cli.out(
      ...['run', '--detach', '--name', name, '--log-driver', 'local', '--log-opt', 'max-size=100k'],
      ...['--log-opt', 'max-file=2', 'busybox', 'sh', '-c', script],
    );
    const log = await cli.out('inspect', '--format', '{{.LogPath}}', name);
    const beginnings = new Set<string>();
    await waitFor('three files have been begun', () => {
      const [line = ''] = fs.readFileSync(log, 'utf8').split('\n', 1);
      if (line !== '') beginnings.add(line);
      return beginnings.size >= 3 && fs.existsSync(`${log}.1`);
    });
    assert.equal(fs.existsSync(`${log}.2`), false);
    await cli.out('kill', name);
    await cli.out('wait', name);
    const lines = (await cli.out('logs', name)).split('\n').map(Number);
    const [first = 0] = lines;
    assert.ok(first > 1, 'the oldest is gone');
    assert.deepEqual(
      lines,
      Array.from({ length: lines.length }, (_, index) => first + index),
    );
    await cli.out('rm', name);
  });

  test('options that are wrong or not there are refused by name', async () => {
    for (const option of ['max-size=big', 'max-file=0', 'compress=true', 'labels=a']) {
      const { code, stderr } = await cli.run(['run', '--rm', '--log-opt', option, 'busybox', 'true']);
      assert.equal(code, 125, option);
      assert.match(stderr, new RegExp(option.split('=')[0] ?? ''));
    }
    const driver = await cli.run(['run', '--rm', '--log-driver', 'gelf', 'busybox', 'true']);
    assert.equal(driver.code, 125);
    assert.match(driver.stderr, /"gelf" is not supported/);
  });
});
