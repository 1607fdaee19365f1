import assert from 'node:assert/strict';
import { test } from 'node:test';
import { linkEnvironment } from '#engine/containers/link-environment.ts';

const target = {
  alias: 'my-db',
  name: '/web/my-db',
  address: '172.17.0.5',
  exposedPorts: ['6380/tcp', '53/udp', '53/tcp', '6379/tcp'],
  environment: ['PATH=/bin', 'HOME=/root', 'PASSWORD=a=b', 'BARE'],
};

test('a link tells name, ports and environment of its target', () => {
  assert.deepEqual(linkEnvironment({ ...target, exposedPorts: ['53/udp', '53/tcp'] }), [
    'MY_DB_PORT=tcp://172.17.0.5:53',
    'MY_DB_PORT_53_TCP=tcp://172.17.0.5:53',
    'MY_DB_PORT_53_TCP_ADDR=172.17.0.5',
    'MY_DB_PORT_53_TCP_PORT=53',
    'MY_DB_PORT_53_TCP_PROTO=tcp',
    'MY_DB_PORT_53_UDP=udp://172.17.0.5:53',
    'MY_DB_PORT_53_UDP_ADDR=172.17.0.5',
    'MY_DB_PORT_53_UDP_PORT=53',
    'MY_DB_PORT_53_UDP_PROTO=udp',
    'MY_DB_NAME=/web/my-db',
    'MY_DB_ENV_PASSWORD=a=b',
  ]);
});

test('ports that follow each other are told as a range too', () => {
  const variables = linkEnvironment(target);
  for (const variable of [
    'MY_DB_PORT_6379_TCP_START=tcp://172.17.0.5:6379',
    'MY_DB_PORT_6379_TCP_PORT_START=6379',
    'MY_DB_PORT_6379_TCP_END=tcp://172.17.0.5:6380',
    'MY_DB_PORT_6379_TCP_PORT_END=6380',
    'MY_DB_PORT_6380_TCP=tcp://172.17.0.5:6380',
  ]) {
    assert.ok(variables.includes(variable), variable);
  }
  assert.ok(!variables.some((variable) => variable.includes('_53_TCP_START')));
  assert.deepEqual(linkEnvironment({ ...target, exposedPorts: ['80-82/tcp'] }).slice(0, 2), [
    'MY_DB_PORT=tcp://172.17.0.5:80',
    'MY_DB_PORT_80_TCP_START=tcp://172.17.0.5:80',
  ]);
});

test('a target without ports has a name all the same', () => {
  assert.deepEqual(linkEnvironment({ ...target, exposedPorts: [], environment: [] }), [
    'MY_DB_NAME=/web/my-db',
  ]);
});
