import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { planDown } from '#compose/plan-down.ts';
import { readDependencies } from '#compose/plan-each.ts';
import { loadText } from '#compose/testing/load-text.ts';
import { containerOf, describeSteps, nothing } from '#compose/testing/observed.ts';

const project = loadText(`
services:
  web: { image: i, depends_on: [app] }
  app: { image: i, depends_on: [db] }
  db: { image: i }
`);

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
      planDown('shop', containers, { ...nothing, volumes }, readDependencies(project, []), {
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
