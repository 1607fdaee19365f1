import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { dependencyNames, planDown, planEach } from '#compose/plan-down.ts';
import { loadText } from '#compose/testing/load-text.ts';
import { containerOf, describeSteps, nothing } from '#compose/testing/observed.ts';

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
    const names = dependencyNames(project, []);
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
    const steps = planEach(containers, dependencyNames(undefined, containers), 'forwards', start);
    assert.equal(steps.length, 2);
  });
});

describe('planDown', () => {
  it('stops dependents first, removes, and then removes networks and volumes of the project', () => {
    const labels = { 'com.docker.compose.project': 'shop' };
    const containers = [containerOf(project, 'db'), containerOf(project, 'web', { state: 'exited' })];
    const volume = { Driver: 'local', Mountpoint: '', Scope: 'local', Options: null } as const;
    const volumes = [
      { ...volume, Name: 'shop_v', Labels: labels },
      { ...volume, Name: 'other', Labels: null },
    ];
    const settings = { timeoutSeconds: 3, images: ['shop-web'] };
    const planned = (all: boolean) =>
      planDown('shop', containers, { ...nothing, volumes }, dependencyNames(project, []), {
        ...settings,
        volumes: all,
      });
    assert.deepEqual(describeSteps(planned(true)), [
      'stop-container shop-db-1',
      'remove-container shop-db-1 after 0',
      'remove-container shop-web-1',
      'remove-volume shop_v after 1,2',
      'remove-image shop-web after 1,2',
    ]);
    assert.ok(!describeSteps(planned(false)).some((line) => line.startsWith('remove-volume')));
  });
});
