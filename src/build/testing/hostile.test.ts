import assert from 'node:assert/strict';
import { test } from 'node:test';
import { planText } from '#build/testing/plan-fixture.ts';

test('hostile Dockerfiles › a Dockerfile of many lines is read in time', async () => {
  const lines = Array.from({ length: 100_000 }, (_, index) => `v${index}=1`);
  const planned = await planText(`FROM base\nLABEL ${lines.join(' \\\n')}\n`);
  assert.equal(Object.keys(planned.target.config.Labels ?? {}).length, lines.length);
});

test('hostile Dockerfiles › shifts that look like heredocs cost no reading of the whole file each', async () => {
  const shifts = 'RUN echo $((1 << 2))\n'.repeat(9_000);
  const planned = await planText(`FROM base\n${shifts}${'\n'.repeat(1_000_000)}`);
  assert.equal(planned.target.steps.length, 9_000);
});
