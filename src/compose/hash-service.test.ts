import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { hashService, hashUsed } from '#compose/hash-service.ts';
import { loadText } from '#compose/testing/load-text.ts';

const hash = (content: string) => hashService(loadText(`services:\n  a: ${content}\n`), 'a');

describe('hashService', () => {
  // What `docker compose config --hash` of version 2.40.3 printed; test/reference/compose-files.ts compares many more.
  const known: [string, string][] = [
    [`{ image: i }`, 'b5503d15e9dfd8640ebae91969f22360eac34b863c420e1f1dfaa304737b96ce'],
    [
      `{ image: i, command: "sh -c 'a <b> & c'", cpus: 0.5, mem_limit: 64m, ports: ["80:8080"], labels: { z: "1", a: "2" } }`,
      'ef37e2685fb165143c39e0273d1ba6fe0b9cec214f924dac5804ffe9eaa486ed',
    ],
    [
      `{ image: i, healthcheck: { test: x, interval: 90s }, ulimits: { nofile: 5 }, tmpfs: /t, deploy: { replicas: 2, resources: { limits: { cpus: "0.5", memory: 50M } } } }`,
      '7e101a6f2131feb9dac2039a6e1886d548e4ea8614cf122a670bfb54aad513ac',
    ],
    [
      `{ image: i, blkio_config: { weight: 300, device_read_bps: [{ path: /dev/a, rate: 1k }] }, devices: [/dev/null], gpus: all, post_start: [{ command: a b }], volumes: [/data] }`,
      '9a0199c07b3f14bf0b2a7def9f17027326b699ab782ae1e646a51f61ce53f20d',
    ],
  ];
  for (const [content, digest] of known) {
    it(`is Docker Compose’s of ${content}`, () => assert.equal(hash(content), digest));
  }

  it('ignores the order of keys and what makes no other container', () => {
    assert.equal(
      hash('{ image: i, user: u }'),
      hash('{ user: u, image: i, scale: 3, profiles: [], pull_policy: never, build: . }'),
    );
    assert.notEqual(hash('{ image: i }'), hash('{ image: j }'));
  });
});

it('a digest has the ids of the containers whose namespaces and volumes a service takes', () => {
  const project = loadText(
    'services: { db: { image: i }, a: { image: i, network_mode: "service:db", volumes_from: ["db:ro", "container:x"] } }',
  );
  const resolved = { ...project.services['a'], network_mode: 'container:7', volumes_from: ['7', 'x'] };
  const idOf = (service: string) => (service === 'db' ? '7' : undefined);
  assert.notEqual(hashService(project, 'a'), hashService(project, 'a', idOf));
  assert.equal(hashService(project, 'a', idOf), hashService({ ...project, services: { a: resolved } }, 'a'));
});

describe('hashUsed', () => {
  it('knows what the project defines elsewhere', () => {
    const used = (content: string, rest: string, variables = {}) =>
      hashUsed(loadText(`services: { a: ${content} }\n${rest}`, variables), 'a');
    const volume = '{ image: i, volumes: [v:/v] }';
    assert.notEqual(used(volume, 'volumes: { v: }'), used(volume, 'volumes: { v: { name: other } }'));
    const secret = '{ image: i, secrets: [s] }';
    const definition = 'secrets: { s: { environment: S } }';
    assert.notEqual(used(secret, definition, { S: '1' }), used(secret, definition, { S: '2' }));
  });
});
