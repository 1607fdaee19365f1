import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startDaemon } from '../support/daemon.ts';
import { importBase } from '../support/describe-engine.ts';
import { startDockerd } from '../support/dockerd.ts';
import type { Engine } from '../support/engine.ts';
import { explanations } from './api/explained.ts';
import { runSession, type Step } from './api/session.ts';
import { compareShapes } from './api/shape.ts';

/*
 * Makes the same calls on the machine's dockerd and on Dhow, and explains every difference of status or shape. Needs Debian's
 * docker.io and a host without docker0. Run: tools/node --test test/reference/api.ts
 */

/** Objects whose keys are data. */
const dynamic = [
  /\.Labels$/,
  /\.Ports$/,
  /\.PortBindings$/,
  /\.ExposedPorts$/,
  /\.Volumes$/,
  /\.Networks$/,
  /\.Options$/,
  /\.Attributes$/,
  /\.Runtimes$/,
  /\.IndexConfigs$/,
  /\.Details$/,
  /\.networks$/,
  /\.stats$/,
  /\.Containers$/,
  /\.Data$/,
];

async function sessionOn(engine: Engine): Promise<Step[]> {
  await using running = engine;
  await importBase(running);
  return await runSession(running.socket, 'v1.41');
}

test('Dhow answers as dockerd does, but for what is explained', async () => {
  const reference = await sessionOn(await startDockerd());
  const ours = await sessionOn(await startDaemon());
  const used = new Set<(typeof explanations)[number]>();
  const unexplained: string[] = [];
  for (const [index, { name, answer }] of reference.entries()) {
    const other = ours[index]?.answer;
    const differences: string[] = [];
    if (answer.status !== other?.status) {
      differences.push(
        `status ${answer.status} is ${other?.status}: ${JSON.stringify(answer.body)?.slice(0, 200)} / ${JSON.stringify(other?.body)?.slice(0, 200)}`,
      );
    } else {
      differences.push(...compareShapes(answer.body, other.body, dynamic));
    }
    for (const difference of differences) {
      const explanation = explanations.find(
        ({ step, difference: pattern }) => (step ?? name) === name && pattern.test(difference),
      );
      if (explanation === undefined) unexplained.push(`${name}: ${difference}`);
      else used.add(explanation);
    }
  }
  const stale = explanations.filter((explanation) => !used.has(explanation));
  assert.deepEqual(unexplained, []);
  assert.deepEqual(
    stale.map(({ step, difference }) => `${step ?? ''} ${difference}`),
    [],
    'explained, but no longer different',
  );
});
