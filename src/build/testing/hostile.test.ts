// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the language under test is written like this
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

const tooLong = { kind: 'InvalidParameter', message: /take too long to expand/ };

test('hostile Dockerfiles › what all instructions take over from those before them is bounded', async () => {
  await assert.rejects(planText(`FROM base\n${'EXPOSE 1-65535\n'.repeat(5_000)}`), tooLong);
  const stages = Array.from({ length: 900 }, (_, index) => `FROM s${index} AS s${index + 1}\n`);
  await assert.rejects(planText(`FROM base AS s0\nEXPOSE 1-65535\n${stages.join('')}`), tooLong);
  const commands = 'RUN x\n'.repeat(5_000);
  const variables = Array.from({ length: 5_000 }, (_, index) => `v${index}=1`).join(' ');
  await assert.rejects(planText(`FROM base\nENV ${variables}\n${commands}`), tooLong);
});

test('hostile Dockerfiles › many labels and variables take no time that grows with their square', async () => {
  const lines = Array.from({ length: 4_900 }, (_, index) => `ENV v${index}=1\nLABEL l${index}=1\n`);
  const { config } = (await planText(`FROM base\n${lines.join('')}`)).target;
  assert.equal(Object.keys(config.Labels ?? {}).length, 4_900);
});

test('hostile Dockerfiles › all patterns together are bounded', async () => {
  const slow = ['ARG a=', 'a'.repeat(10_000), '\n', 'ARG b=${a//*a*a*b/x}\n'.repeat(5_000)].join('');
  await assert.rejects(planText(`FROM base\n${slow}`), tooLong);
  await assert.rejects(planText(`${slow}FROM base\n`), tooLong);
});
