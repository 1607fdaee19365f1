import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { planEach, planStart, readDependencies } from '#compose/plan-each.ts';
import { loadText } from '#compose/testing/load-text.ts';
import { containerOf, describeSteps } from '#compose/testing/observed.ts';

const project = loadText(`
services:
  web: { image: i, depends_on: [app] }
  app: { image: i, depends_on: [db] }
  db: { image: i }
`);
const start = ({ id, name }: { id: string; name: string }) =>
  ({ kind: 'start-container', id, name }) as const;

describe('planEach', () => {
  it('goes along the dependencies, over services that are not touched', () => {
    const containers = ['web', 'db'].map((name) => containerOf(project, name));
    const names = readDependencies(project, []);
    assert.deepEqual(describeSteps(planEach(containers, names, 'forwards', start)), [
      'start-container shop-web-1 after 1',
      'start-container shop-db-1',
    ]);
    assert.deepEqual(describeSteps(planEach(containers, names, 'backwards', start)), [
      'start-container shop-web-1',
      'start-container shop-db-1 after 0',
    ]);
  });

  it('takes the order from the containers’ labels where there is no file, and survives a circle', () => {
    const containers = [
      containerOf(project, 'web', { dependsOn: 'db:service_healthy:false' }),
      containerOf(project, 'db', { dependsOn: 'web:service_started:false' }),
    ];
    const steps = planEach(containers, readDependencies(undefined, containers), 'forwards', start);
    assert.equal(steps.length, 2);
  });
});

describe('planStart', () => {
  it('waits for what the labels say, and for nothing that nobody needs', () => {
    const db = containerOf(project, 'db', { state: 'exited' });
    const web = containerOf(project, 'web', { state: 'exited', dependsOn: 'db:service_healthy:false' });
    const plan = (...chosen: (typeof db)[]) =>
      describeSteps(planStart(chosen, [db, web], readDependencies(undefined, [db, web])));
    assert.deepEqual(plan(db, web), [
      'await-container shop-db-1 after 1',
      'start-container shop-db-1',
      'start-container shop-web-1 after 0',
    ]);
    assert.deepEqual(plan(web), ['await-container shop-db-1', 'start-container shop-web-1 after 0']);
    assert.deepEqual(plan(db), ['start-container shop-db-1']);
    const running = { ...web, state: 'running' };
    assert.deepEqual(
      describeSteps(planStart([running], [db, running], readDependencies(undefined, [web]))),
      [],
    );
  });
});
