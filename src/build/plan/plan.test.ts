// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the language under test is written like this
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { planText } from '#build/testing/plan-fixture.ts';

/** What an image has that sets none. */
const usualPath = 'PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

function titles({ evaluated, plan }: Awaited<ReturnType<typeof planText>>): string[] {
  return plan.stages.flatMap((stage) => evaluated.get(stage)?.steps.map(({ title }) => title) ?? []);
}

test('plan › a target by name, case-blind, or number; the last stage by default', async () => {
  const text = 'FROM a AS One\nRUN 1\nFROM b AS two\nRUN 2\n';
  assert.deepEqual(titles(await planText(text)), ['RUN 2']);
  assert.deepEqual(titles(await planText(text, { target: 'ONE' })), ['RUN 1']);
  assert.deepEqual(titles(await planText(text, { target: '0' })), ['RUN 1']);
  await assert.rejects(planText(text, { target: 'tow' }), {
    kind: 'NotFound',
    message: 'Dockerfile has no stage "tow"; did you mean two?',
  });
  await assert.rejects(planText(text, { target: '2' }), { kind: 'NotFound', message: /it has one, two/ });
});

test('plan › images of stages that are not needed are not looked for', async () => {
  const planned = await planText('FROM missing AS unused\nRUN x\nFROM base\nCOPY --from=other /a /a\n');
  assert.deepEqual(planned.asked.sort(), ['linux/amd64 base', 'linux/amd64 other']);
});

test('plan › an image is looked for once for each platform', async () => {
  const planned = await planText(
    'FROM --platform=$BUILDPLATFORM base AS b\nFROM base\nCOPY --from=base /x /y\nCOPY --from=b / /\n',
    { targetPlatform: { os: 'linux', architecture: 'arm64' } },
  );
  assert.deepEqual(planned.asked.sort(), ['linux/amd64 base', 'linux/arm64 base']);
  assert.equal(planned.plan.target.platform.architecture, 'arm64');
});

test('plan › build arguments replace defaults, in FROM and in stages that declare them', async () => {
  const text = 'ARG V=1\nFROM base:$V\nARG V\nARG W=w\nENV v=$V w=$W\nRUN x\n';
  const planned = await planText(text, { buildArgs: { V: '2', W: '3', UNUSED: 'x' } });
  assert.deepEqual(planned.asked, ['linux/amd64 base:2']);
  assert.deepEqual(planned.target.config.Env, [usualPath, 'v=2', 'w=3']);
});

test('plan › the checks of the defaults do not fail a build that gives the arguments', async () => {
  const text = 'ARG V\nARG W=${V:?}\nFROM base:$W\n';
  assert.deepEqual((await planText(text, { buildArgs: { V: '1' } })).asked, ['linux/amd64 base:1']);
  await assert.rejects(planText(text), { message: /V: it must not be empty|V: it must be set/ });
});

test('plan › of an ARG and an ENV with the same name the later one counts', async () => {
  const images = { base: { Env: ['PATH=/bin', 'V=image', 'W=image'] } };
  const text = 'FROM base\nARG V\nARG W=default\nARG W\nENV v=$V w=$W\nENV W=env\nRUN x\n';
  const planned = await planText(text, { images, buildArgs: { V: 'given' } });
  // What an argument says is for the build only.
  assert.deepEqual(planned.target.config.Env, ['PATH=/bin', 'V=image', 'W=env', 'v=given', 'w=default']);
  const run = planned.target.steps.at(-1);
  assert.ok(run?.kind === 'run');
  assert.deepEqual(run.environment, ['PATH=/bin', 'V=given', 'W=env', 'v=given', 'w=default']);
  assert.equal(run.createdBy, 'RUN |1 V=given /bin/sh -c x');
});

test('plan › an argument that no stage declares is not seen', async () => {
  const planned = await planText('FROM base\nENV v=$V\nRUN x\n', { buildArgs: { V: '2' } });
  assert.deepEqual(planned.target.config.Env, [usualPath, 'v=']);
  const run = planned.target.steps[1];
  assert.ok(run?.kind === 'run');
  assert.deepEqual(run.environment, [usualPath, 'v=']);
});

test('plan › proxies reach a command without being declared, and stay out of the history', async () => {
  const planned = await planText('FROM base\nARG HTTP_PROXY\nARG a=1\nRUN x\n', {
    buildArgs: { HTTP_PROXY: 'http://p', https_proxy: 'http://q' },
  });
  const run = planned.target.steps[2];
  assert.ok(run?.kind === 'run');
  assert.deepEqual(run.environment, [usualPath, 'a=1']);
  assert.deepEqual(run.hiddenEnvironment, ['HTTP_PROXY=http://p', 'https_proxy=http://q']);
  assert.equal(run.createdBy, 'RUN |1 a=1 /bin/sh -c x');
});

test('plan › stages that need each other through triggers of their bases are a cycle, not a wait without end', async () => {
  const images = { left: { OnBuild: ['COPY --from=b /x /x'] }, right: { OnBuild: ['COPY --from=a /y /y'] } };
  const text = 'FROM left AS a\nFROM right AS b\nFROM scratch\nCOPY --from=a /x /\nCOPY --from=b /y /\n';
  await assert.rejects(planText(text, { images }), { kind: 'InvalidParameter', message: /needs itself/ });
});

test('plan › a trigger that is no instruction names the image that brought it', async () => {
  await assert.rejects(planText('FROM bad\n', { images: { bad: { OnBuild: ['NOPE x'] } } }), {
    message: /^ONBUILD of bad:1: unknown instruction "NOPE"/,
  });
});

test('plan › an image that cannot be had is told at its place, with the kind of the failure', async () => {
  await assert.rejects(planText('FROM base\nCOPY --from=gone/missing /x /y\n'), {
    kind: 'NotFound',
    message:
      /^Dockerfile:2: no image gone\/missing\n\n {2}1 \| FROM base\n {2}2 \| COPY --from=gone\/missing/,
  });
});

test('plan › values that double from line to line end in an error', async () => {
  const text = `FROM base\nENV a=${'x'.repeat(1000)}\n${'ENV a=$a$a\n'.repeat(30)}`;
  await assert.rejects(planText(text), { kind: 'InvalidParameter', message: /longer than/ });
});

test('plan › an image that sets no PATH gets the usual one', async () => {
  const planned = await planText('FROM base\nENV PATH=/opt/bin:$PATH\n', {
    images: { base: { Env: ['A=1'] } },
  });
  assert.deepEqual(planned.target.config.Env, ['A=1', usualPath.replace('=', '=/opt/bin:')]);
});
