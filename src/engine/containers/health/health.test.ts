import assert from 'node:assert/strict';
import { test } from 'node:test';
import { judge, startingHealth } from '#engine/containers/health/judge.ts';
import { mergeHealthCheck } from '#engine/containers/health/merge-health-check.ts';
import { probeOf } from '#engine/containers/health/probe.ts';
import type { EffectiveProcess, ProbeResult } from '#engine/containers.ts';
import { createFakeEngine, settingsOf } from '#engine/testing/fake-engine-parts.ts';

const result = (exitCode: number): ProbeResult => ({
  startedAt: new Date(0),
  finishedAt: new Date(0),
  exitCode,
  output: '',
});

test('a success makes healthy at once, retries make unhealthy', () => {
  const probe = { retries: 2 };
  const one = judge(startingHealth, result(1), probe, false);
  assert.deepEqual([one.status, one.failingStreak], ['starting', 1]);
  const two = judge(one, result(1), probe, false);
  assert.equal(two.status, 'unhealthy');
  const well = judge(two, result(0), probe, false);
  assert.deepEqual([well.status, well.failingStreak], ['healthy', 0]);
  assert.equal(judge(well, result(1), probe, false).status, 'healthy');
});

test('failures of the start period do not count before the first success', () => {
  const probe = { retries: 1 };
  assert.equal(judge(startingHealth, result(1), probe, true).failingStreak, 0);
  const well = judge(startingHealth, result(0), probe, true);
  assert.equal(judge(well, result(1), probe, true).status, 'unhealthy');
});

test('the last five results are kept', () => {
  let health = startingHealth;
  for (let code = 1; code <= 7; code++) health = judge(health, result(code), { retries: 3 }, false);
  assert.deepEqual(
    health.results.map(({ exitCode }) => exitCode),
    [3, 4, 5, 6, 7],
  );
});

test('a container’s check is completed by the image’s, and switched off by NONE', () => {
  const image = { Test: ['CMD', 'check'], Interval: 5e9, Retries: 7 };
  assert.deepEqual(mergeHealthCheck(image, { Interval: 1e9 }), {
    Test: ['CMD', 'check'],
    Interval: 1e9,
    Retries: 7,
  });
  assert.deepEqual(mergeHealthCheck(undefined, undefined), undefined);
  const of = (change: Partial<EffectiveProcess>) => probeOf({ ...change } as EffectiveProcess);
  assert.equal(of({ healthcheck: { Test: ['NONE'] } }), undefined);
  assert.equal(of({}), undefined);
  assert.deepEqual(of({ healthcheck: { Test: ['CMD-SHELL', 'a b'] }, shell: ['/bin/ash', '-ec'] }), {
    command: ['/bin/ash', '-ec', 'a b'],
    intervalMs: 30_000,
    timeoutMs: 30_000,
    startPeriodMs: 0,
    startIntervalMs: 5_000,
    retries: 3,
  });
});

test('a container is probed while it runs, and its changes of health are announced', async () => {
  await using engine = await createFakeEngine();
  const { service } = engine.containers;
  const fail = { code: 1, output: Buffer.from('no answer') };
  const well = { code: 0, output: Buffer.alloc(0) };
  engine.runtime.probes.push(fail, fail, well);
  const id = await engine.run(
    settingsOf({ healthcheck: { Test: ['CMD', 'check'], Interval: 1e6, Retries: 2 } }),
  );
  assert.equal(service.get(id).health?.status, 'starting');
  await engine.happened(id, 'health_status: unhealthy');
  await engine.happened(id, 'health_status: healthy');
  assert.equal(service.get(id).health?.results[0]?.output, 'no answer');
  await service.stop(id, {});
  const probes = () => engine.runtime.calls.filter((call) => call === `probe ${id}`).length;
  const before = probes();
  await service.start(id);
  assert.equal(service.get(id).health?.status, 'starting', 'a new start is a new life');
  await engine.happened(id, 'health_status: healthy', 2);
  assert.ok(probes() > before);
});
