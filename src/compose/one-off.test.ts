import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type OneOff, oneOffProject } from '#compose/one-off.ts';
import { loadText } from '#compose/testing/load-text.ts';

const project = loadText(`
services:
  web:
    image: i
    container_name: mine
    command: [serve]
    entrypoint: [run]
    restart: always
    scale: 3
    ports: ['80:80']
    volumes: ['v:/v', './a:/a']
    environment: { A: 1, B: 2 }
volumes: { v: , w: }
`);

function change(over: Partial<OneOff>) {
  const whole: OneOff = {
    command: [],
    entrypoint: undefined,
    environment: {},
    labels: {},
    user: undefined,
    workingDirectory: undefined,
    addedCapabilities: [],
    droppedCapabilities: [],
    servicePorts: false,
    ports: [],
    volumes: [],
    directory: '/here',
    ...over,
  };
  return oneOffProject(project, 'web', whole).services['web'];
}

describe('oneOffProject', () => {
  it('has neither the name, the ports, the restarts nor the number of the service', () => {
    const changed = change({});
    assert.deepEqual(
      [changed?.container_name, changed?.restart, changed?.scale, changed?.ports],
      [undefined, undefined, undefined, []],
    );
    assert.deepEqual(changed?.command, ['serve']);
    assert.equal(project.services['web']?.scale, 3, 'the project itself is as it was');
  });

  it('takes the command line over the file', () => {
    const changed = change({
      command: ['ls'],
      environment: { B: '3' },
      user: 'me',
      servicePorts: true,
      ports: ['81:81'],
    });
    assert.deepEqual(changed?.command, ['ls']);
    assert.deepEqual(changed?.environment, { A: '1', B: '3' });
    assert.equal(changed?.user, 'me');
    assert.deepEqual(
      changed?.ports?.map(({ target }) => target),
      [80, 81],
    );
    const other = change({ entrypoint: 'sh -c "a b"' });
    assert.deepEqual([other?.entrypoint, other?.command], [['sh', '-c', 'a b'], []]);
  });

  it('mounts over the same target, from where the user is, and only volumes that are defined', () => {
    const changed = change({ volumes: ['./x:/a', 'w:/w'] });
    assert.deepEqual(
      changed?.volumes?.map(({ source, target }) => `${source}:${target}`),
      ['v:/v', '/here/x:/a', 'w:/w'],
    );
    assert.throws(
      () => change({ volumes: ['nowhere:/x'] }),
      /^InvalidParameter: --volume: "nowhere" is not defined/,
    );
    assert.throws(() => change({ ports: ['x'] }), /--publish: invalid port "x"/);
    assert.throws(() => change({ entrypoint: '"open' }), /--entrypoint: .* quote that is not closed/);
  });
});
