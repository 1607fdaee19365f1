import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createLog } from '#log/log.ts';

function linesOf(
  format: 'text' | 'json',
  level: 'debug' | 'info' = 'info',
): [string[], ReturnType<typeof createLog>] {
  const lines: string[] = [];
  return [lines, createLog((line) => lines.push(line), level, format)];
}

test('log › a line of text quotes what is not plain', () => {
  const [lines, log] = linesOf('text');
  log.warn('some event', { path: '/a/b', text: 'two words\n"x"', count: 3, absent: undefined });
  assert.equal(lines.length, 1);
  assert.match(
    lines[0] ?? '',
    /^time=[\d-]+T[\d:.]+Z level=warn event="some event" path=\/a\/b text="two words\\n\\"x\\"" count=3\n$/,
  );
});

test('log › a line of JSON has the same fields', () => {
  const [lines, log] = linesOf('json');
  log.info('some event', { text: 'a\nb', count: 3, absent: undefined });
  const { time, ...rest } = JSON.parse(lines[0] ?? '');
  assert.ok(Date.parse(time) > 0);
  assert.deepEqual(rest, { level: 'info', event: 'some event', text: 'a\nb', count: 3 });
  assert.equal(lines[0]?.indexOf('\n'), (lines[0]?.length ?? 0) - 1);
});

test('log › the level can change', () => {
  const [lines, log] = linesOf('text');
  const { debug } = log;
  debug('dropped');
  log.setLevel('debug');
  debug('kept');
  log.setLevel('error');
  log.warn('dropped');
  assert.equal(lines.length, 1);
  assert.match(lines[0] ?? '', /event=kept/);
});
