import assert from 'node:assert/strict';
import fs from 'node:fs';
import { after, before, describe, it } from 'node:test';
import type { CrashPoint } from './effects.ts';
import { type Scenario, scenarios } from './scenarios.ts';
import { createWorld, type World } from './world.ts';

/**
 * The daemon dies by SIGKILL before one effect of a request, and the next one must be able to live with what it finds: every promise
 * that was made is kept, all that there is can be used, what was asked for can be asked for again, and when all is removed nothing is
 * left. By default each scenario dies at a few of its effects, others at each run; DHOW_CRASH_POINTS=all takes each effect, and
 * DHOW_CRASH_SCENARIO=text only the scenarios with that text in their names. DHOW_CRASH_REPORT names a file that gets a line for each death.
 */
const perScenario =
  process.env['DHOW_CRASH_POINTS'] === 'all'
    ? Number.POSITIVE_INFINITY
    : Number(process.env['DHOW_CRASH_POINTS'] ?? 1);
const wanted = process.env['DHOW_CRASH_SCENARIO'] ?? '';
const reportFile = process.env['DHOW_CRASH_REPORT'];

describe('a daemon killed at one effect of a request', () => {
  let world: World;
  before(async () => {
    world = await createWorld();
  });
  after(() => world?.[Symbol.asyncDispose]());

  for (const scenario of scenarios.filter(({ name }) => name.includes(wanted))) {
    it(scenario.name, async () => {
      const points = await findPoints(world, scenario).catch(async (error: unknown) => {
        await world.wipe().catch(() => {});
        throw error;
      });
      const failures: string[] = [];
      for (const point of choose(points)) {
        const failure = await dieAt(world, scenario, point);
        report(scenario, point, failure);
        if (failure === undefined) continue;
        failures.push(`before ${point.name} (${point.nth}): ${failure}`);
        await world.wipe().catch(() => {});
      }
      assert.deepEqual(failures, []);
    });
  }
});

/** The effects of the request when nothing goes wrong. */
async function findPoints(world: World, scenario: Scenario): Promise<CrashPoint[]> {
  await scenario.prepare?.(world);
  world.effects.record();
  const { code, stderr } = await scenario.act(world);
  const points = world.effects.recorded();
  assert.equal(code, 0, stderr);
  await scenario.promised(world);
  await world.checkConsistency();
  await world.wipe();
  // What is done to each cgroup hierarchy in turn is one effect, and so is the deletion of what nobody sees any more.
  const names = new Set<string>();
  return points.filter(({ name, nth }) => {
    const isMany = /\/sys\/fs\/cgroup\/|\/trash\/N-N|unlinkat/.test(name);
    const short = name.replace(/(\/sys\/fs\/cgroup\/)\w+/, '$1*').replace(/(\/trash\/N-N)\S*/, '$1');
    const key = isMany ? short : `${short} ${nth}`;
    return !names.has(key) && names.add(key);
  });
}

/** @returns what is wrong afterwards */
async function dieAt(world: World, scenario: Scenario, point: CrashPoint): Promise<string | undefined> {
  let step = 'prepare';
  try {
    await scenario.prepare?.(world);
    step = 'act';
    world.effects.killAt(point);
    const { code } = await scenario.act(world);
    // Some effects come after the answer; and some do not come each time.
    step = 'revive';
    await world.revive();
    step = 'promised';
    if (code === 0) await scenario.promised(world);
    step = 'consistency';
    await world.checkConsistency();
    step = 'again';
    await scenario.again?.(world);
    step = 'wipe';
    await world.wipe();
    return undefined;
  } catch (error) {
    return `${step}: ${error instanceof Error ? error.message : String(error)}`;
  }
}

/** Spread over the request, with an offset that differs from run to run. */
function choose(points: readonly CrashPoint[]): CrashPoint[] {
  if (points.length <= perScenario) return [...points];
  const offset = Math.random();
  return Array.from({ length: perScenario }, (_, index) => {
    const position = Math.floor(((index + offset) / perScenario) * points.length);
    return points[position] as CrashPoint;
  });
}

function report(scenario: Scenario, point: CrashPoint, failure: string | undefined): void {
  if (reportFile === undefined) return;
  const line = [scenario.name, point.name, point.nth, failure?.replaceAll('\n', ' ⏎ ') ?? 'ok'].join('\t');
  fs.appendFileSync(reportFile, `${line}\n`);
}
