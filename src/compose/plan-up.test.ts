import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { orderServices } from '#compose/dependencies.ts';
import type { Observed } from '#compose/observe.ts';
import { findOrphans } from '#compose/plan-removal.ts';
import { planUp, type UpSettings } from '#compose/plan-up.ts';
import type { Project } from '#compose/project.ts';
import { loadText } from '#compose/testing/load-text.ts';
import { containerOf, describeSteps, nothing } from '#compose/testing/observed.ts';
import type { MountPoint } from '#wire/containers.ts';
import type { Network } from '#wire/networks.ts';

const image = { id: 'image', volumes: [] as string[] };

function plan(project: Project, observed: Partial<Observed> = {}, settings: Partial<UpSettings> = {}) {
  const services = orderServices(project.services, Object.keys(project.services));
  return planUp(
    project,
    { ...nothing, ...observed },
    {
      services,
      images: new Map(services.map((name) => [name, image])),
      recreate: new Map(),
      scale: new Map(),
      start: true,
      allResources: false,
      renewVolumes: false,
      timeoutSeconds: undefined,
      ...settings,
    },
  );
}

const network = (name: string, over: Partial<Network> = {}): Network => ({
  Name: name,
  Id: name,
  Created: '',
  Scope: 'local',
  Driver: 'bridge',
  EnableIPv4: true,
  EnableIPv6: false,
  IPAM: { Driver: 'default', Options: null, Config: [{ Subnet: '10.1.0.0/24' }] },
  Internal: false,
  Attachable: false,
  Ingress: false,
  ConfigFrom: { Network: '' },
  ConfigOnly: false,
  Containers: {},
  Options: {},
  Labels: { 'com.docker.compose.project': 'shop' },
  ...over,
});
const there = { networks: [network('shop_default')] };

const chain = loadText(`
services:
  web: { image: i, depends_on: { db: { condition: service_healthy }, init: { condition: service_completed_successfully } } }
  db: { image: i, volumes: ['v:/v'] }
  init: { image: i, depends_on: [db] }
volumes: { v: }
`);

describe('planUp', () => {
  it('makes networks and volumes, then containers, and starts them when their conditions are met', () => {
    assert.deepEqual(describeSteps(plan(chain)), [
      'create-network shop_default',
      'create-volume shop_v',
      'create-container shop-db-1 after 0,1',
      'start-container shop-db-1 after 2',
      'create-container shop-init-1 after 0,2',
      'start-container shop-init-1 after 3,4',
      'create-container shop-web-1 after 0,2,4',
      'await-container shop-db-1 after 2,3',
      'await-container shop-init-1 after 4,5',
      'start-container shop-web-1 after 6,7,8',
    ]);
  });

  it('starts nothing when asked', () => {
    const kinds = plan(chain, {}, { start: false }).map(({ action }) => action.kind);
    assert.deepEqual(
      kinds.filter((kind) => !kind.startsWith('create-')),
      [],
    );
  });

  it('leaves alone what is right, and starts what has stopped', () => {
    const project = loadText('services: { a: { image: i }, b: { image: i } }');
    const containers = [containerOf(project, 'a'), containerOf(project, 'b', { state: 'exited' })];
    assert.deepEqual(describeSteps(plan(project, { ...there, containers })), ['start-container shop-b-1']);
  });

  it('replaces what has another configuration or image, unless told otherwise', () => {
    const project = loadText('services: { a: { image: i }, b: { image: i }, c: { image: i } }');
    const containers = [
      containerOf(project, 'a', { hash: 'old' }),
      containerOf(project, 'b', { image: 'old' }),
      containerOf(project, 'c'),
    ];
    const observed = { ...there, containers };
    const replaced = (settings: Partial<UpSettings>) =>
      describeSteps(plan(project, observed, settings)).filter((line) => line.startsWith('replace'));
    assert.deepEqual(replaced({}), ['replace-container shop-a-1', 'replace-container shop-b-1']);
    const all = (policy: 'always' | 'never') =>
      new Map(['a', 'b', 'c'].map((name) => [name, policy] as const));
    assert.deepEqual(replaced({ recreate: all('never') }), []);
    assert.equal(replaced({ recreate: all('always') }).length, 3);
  });

  it('replaces what a killed client has left unfinished', () => {
    const project = loadText('services: { a: { image: i } }');
    const containers = [{ ...containerOf(project, 'a'), name: '0123456789ab_shop-a-1' }];
    const [first] = describeSteps(
      plan(project, { ...there, containers }, { recreate: new Map([['a', 'never']]) }),
    );
    assert.equal(first, 'replace-container shop-a-1');
    const both = [...containers, containerOf(project, 'a')].map((one, index) => ({
      ...one,
      id: String(index),
    }));
    assert.deepEqual(
      describeSteps(plan(project, { ...there, containers: both }, { scale: new Map([['a', 2]]) })),
      [
        'stop-container 0123456789ab_shop-a-1',
        'remove-container 0123456789ab_shop-a-1 after 0',
        'create-container shop-a-2',
        'start-container shop-a-2 after 2',
      ],
    );
  });

  it('replaces those too that join the namespaces of what is replaced', () => {
    const project = loadText('services: { a: { image: i }, b: { image: i, network_mode: "service:a" } }');
    const a = containerOf(project, 'a');
    const b = containerOf(project, 'b', { joins: a.id });
    assert.deepEqual(plan(project, { ...there, containers: [a, b] }), []);
    const all = [
      'replace-container shop-a-1',
      'start-container shop-a-1 after 0',
      'replace-container shop-b-1 after 0',
      'start-container shop-b-1 after 1,2',
    ];
    const old = containerOf(project, 'a', { hash: 'old' });
    assert.deepEqual(describeSteps(plan(project, { ...there, containers: [old, b] })), all);
    const elsewhere = containerOf(project, 'b', { joins: 'gone' });
    assert.deepEqual(describeSteps(plan(project, { ...there, containers: [a, elsewhere] })), [
      'replace-container shop-b-1',
      'start-container shop-b-1 after 0',
    ]);
  });

  it('restarts dependents that ask for it', () => {
    const project = loadText(
      'services: { a: { image: i }, b: { image: i, depends_on: { a: { condition: service_started, restart: true } } } }',
    );
    const containers = [containerOf(project, 'a', { hash: 'old' }), containerOf(project, 'b')];
    assert.equal(
      describeSteps(plan(project, { ...there, containers })).at(-1),
      'restart-container shop-b-1 after 0,1',
    );
  });

  it('scales up into free numbers and down from the outdated and the last', () => {
    const project = loadText('services: { a: { image: i, deploy: { replicas: 3 } } }');
    const three = [1, 2, 3].map((number) => containerOf(project, 'a', { number }));
    const up = plan(project, {
      ...there,
      containers: [three[1], three[2]].filter((one) => one !== undefined),
    });
    assert.deepEqual(describeSteps(up), ['create-container shop-a-1', 'start-container shop-a-1 after 0']);
    const old = containerOf(project, 'a', { number: 1, hash: 'old' });
    const down = plan(
      project,
      { ...there, containers: [old, ...three.slice(1)] },
      { scale: new Map([['a', 1]]) },
    );
    assert.deepEqual(describeSteps(down), [
      'stop-container shop-a-3',
      'remove-container shop-a-3 after 0',
      'stop-container shop-a-1',
      'remove-container shop-a-1 after 2',
    ]);
  });

  it('gives the anonymous volumes of the old container to the new one', () => {
    const project = loadText('services: { a: { image: i, volumes: [/own, "v:/named"] } }\nvolumes: { v: }');
    const mount = (name: string, target: string): MountPoint => ({
      Type: 'volume',
      Name: name,
      Source: '',
      Destination: target,
      Mode: '',
      RW: true,
      Propagation: '',
    });
    const mounts = [
      mount('aa', '/own'),
      mount('bb', '/declared'),
      mount('shop_v', '/named'),
      mount('cc', '/gone'),
    ];
    const containers = [containerOf(project, 'a', { hash: 'old', mounts })];
    const images = new Map([['a', { id: 'image', volumes: ['/declared'] }]]);
    const mountsOf = (renewVolumes: boolean) => {
      const action = plan(project, { ...there, containers }, { images, renewVolumes }).find(
        (step) => step.action.kind === 'replace-container',
      )?.action;
      assert.ok(action?.kind === 'replace-container');
      assert.equal(action.removeVolumes, renewVolumes);
      return action.container.request.HostConfig?.Mounts?.map(
        ({ Source = '-', Target }) => `${Source} ${Target}`,
      );
    };
    assert.deepEqual(mountsOf(false), ['aa /own', 'shop_v /named', 'bb /declared']);
    assert.deepEqual(mountsOf(true), ['- /own', 'shop_v /named']);
  });

  it('refuses networks that are another project’s or have other settings, and external ones that are not there', () => {
    const project = loadText('services: { a: { image: i } }\nnetworks: { default: { driver: macvlan } }');
    const refuse = (networks: Network[], reason: RegExp, of = project) =>
      assert.throws(() => plan(of, { networks }), reason);
    refuse([network('shop_default')], /another driver than the file says/);
    refuse([network('shop_default', { Labels: {} })], /was not made by Compose/);
    const external = loadText(
      'services: { a: { image: i } }\nnetworks: { default: { external: true, name: lan } }',
    );
    refuse([], /"lan" is external to the project and was not found/, external);
    assert.deepEqual(describeSteps(plan(external, { networks: [network('lan', { Labels: null })] })), [
      'create-container shop-a-1',
      'start-container shop-a-1 after 0',
    ]);
  });

  it('refuses several containers of one name', () => {
    const project = loadText('services: { a: { image: i, container_name: one, scale: 2 } }');
    assert.throws(() => plan(project), /cannot have 2 containers/);
  });
});

describe('findOrphans', () => {
  it('finds containers of services that are gone, but not of those that no profile enables', () => {
    const project = loadText('services: { a: { image: i }, b: { image: i, profiles: [x] } }');
    const containers = ['a', 'b', 'gone'].map((name) => containerOf(project, name));
    assert.deepEqual(
      findOrphans(project, { ...nothing, containers }).map(({ service }) => service),
      ['gone'],
    );
  });
});
