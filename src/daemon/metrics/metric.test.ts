import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createCounter, createHistogram, createReading, formatMetrics } from '#daemon/metrics/metric.ts';

test('metrics › counters begin with 0 and count by labels', () => {
  const all = createCounter('all_total', 'All.');
  const failed = createCounter('failed_total', 'Failed.', []);
  failed.add({ reason: 'a "quoted"\\\nreason' });
  failed.add({ reason: 'a "quoted"\\\nreason' });
  assert.equal(
    formatMetrics([all, failed]),
    [
      ...['# HELP all_total All.', '# TYPE all_total counter', 'all_total 0'],
      ...['# HELP failed_total Failed.', '# TYPE failed_total counter'],
      'failed_total{reason="a \\"quoted\\"\\\\\\nreason"} 2\n',
    ].join('\n'),
  );
});

test('metrics › the buckets of a histogram hold all that is not longer', () => {
  const durations = createHistogram('work_seconds', 'Work.', 'action', ['run', 'stop']);
  for (const seconds of [0.001, 0.005, 0.3, 100]) durations.observe('run', seconds);
  const lines = formatMetrics([durations]).split('\n');
  for (const line of [
    'work_seconds_bucket{action="run",le="0.005"} 2',
    'work_seconds_bucket{action="run",le="0.25"} 2',
    'work_seconds_bucket{action="run",le="0.5"} 3',
    'work_seconds_bucket{action="run",le="10"} 3',
    'work_seconds_bucket{action="run",le="+Inf"} 4',
    'work_seconds_count{action="run"} 4',
    'work_seconds_sum{action="run"} 100.306',
    'work_seconds_count{action="stop"} 0',
  ]) {
    assert.ok(lines.includes(line), line);
  }
});

test('metrics › a reading is taken when it is asked for', () => {
  let value = 1;
  const reading = createReading('gauge', 'level', 'Level.', () => value);
  value = 2;
  assert.match(formatMetrics([reading]), /^level 2$/m);
});
