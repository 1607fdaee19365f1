import assert from 'node:assert/strict';
import { it } from 'node:test';
import { describeCompose, obedient } from './describe-compose.ts';

describeCompose('compose › order', ({ project }) => {
  it('waits until dependencies are healthy or have completed, and stops in the reverse order', async () => {
    await using shop = project(`
services:
  web:
    image: busybox
    command: ["sh", "-c", "trap 'echo web >> /log/stop; exit 0' TERM; cat /log/start; while :; do sleep 0.05; done"]
    depends_on: { db: { condition: service_healthy }, init: { condition: service_completed_successfully } }
    volumes: [log:/log]
  init:
    image: busybox
    command: sh -c 'sleep 0.3; echo init >> /log/start'
    depends_on: [db]
    volumes: [log:/log]
  db:
    image: busybox
    command: ["sh", "-c", "trap 'echo db >> /log/stop; exit 0' TERM; sleep 0.3; touch /ready; while :; do sleep 0.05; done"]
    healthcheck: { test: test -e /ready && echo db >> /log/start, interval: 100ms, timeout: 1s, retries: 50 }
    volumes: [log:/log]
volumes: { log: }
`);
    await shop.out('up', '-d', '--wait', 'web', 'db');
    const health = await shop.out('ps', '--all', '--format', '{{.Service}} {{.Health}} {{.ExitCode}}');
    assert.equal(health, 'db healthy 0\ninit  0\nweb  0');
    const logs = await shop.out('logs', '--no-log-prefix', 'web');
    assert.deepEqual(new Set(logs.split('\n')), new Set(['db', 'init']));
    await shop.out('stop', 'web', 'db');
    assert.equal(await shop.out('run', '--rm', '--no-deps', '-T', 'init', 'cat', '/log/stop'), 'web\ndb');
  });

  it('starts nothing whose dependency fails, and says which it was', async () => {
    await using shop = project(`
services:
  web: { image: busybox, depends_on: { init: { condition: service_completed_successfully } } }
  init: { image: busybox, command: sh -c 'exit 3' }
`);
    const failed = await shop.run(['up', '-d']);
    assert.equal(failed.code, 1);
    assert.match(failed.stderr, /container \w+-init-1 did not complete successfully: exit code 3/);
    assert.equal(await shop.inspect('web-1', '.State.Status'), 'created');
  });

  it('gives up on a dependency that becomes unhealthy, or whose health nobody checks', async () => {
    await using shop = project(`
services:
  web: { image: busybox, depends_on: { db: { condition: service_healthy } } }
  db: { image: busybox, command: ${obedient(':')}, healthcheck: { test: exit 1, interval: 50ms, retries: 2 } }
`);
    assert.match((await shop.run(['up', '-d'])).stderr, /container \w+-db-1 is unhealthy/);
    shop.write(
      'compose.yaml',
      `services: { web: { image: busybox, depends_on: { db: { condition: service_healthy } } }, db: { image: busybox, command: ${obedient(':')} } }`,
    );
    assert.match((await shop.run(['up', '-d'])).stderr, /container \w+-db-1 has no health check/);
  });

  it('--wait fails when a container ends, or when the time is over', async () => {
    await using shop = project(
      'services: { web: { image: busybox, command: "sh -c \'sleep 0.2; exit 4\'", healthcheck: { test: "exit 1", interval: 1h } } }',
    );
    assert.match((await shop.run(['up', '--wait'])).stderr, /ended with exit code 4 before it was ready/);
    shop.write(
      'compose.yaml',
      `services: { web: { image: busybox, command: ${obedient(':')}, healthcheck: { test: 'exit 1', interval: 1h } } }`,
    );
    const late = await shop.run(['up', '--wait', '--wait-timeout', '1']);
    assert.equal(late.code, 1);
    assert.match(late.stderr, /not ready after 1 seconds/);
  });

  it('refuses a circle with its members', async () => {
    await using shop = project(
      'services: { a: { image: i, depends_on: [b] }, b: { image: i, depends_on: [a] } }',
    );
    const failed = await shop.run(['up', '-d']);
    shop.write('compose.yaml', 'services: { a: { image: i } }');
    assert.equal(failed.code, 1);
    assert.match(failed.stderr, /depend on each other in a circle: a → b → a/);
  });
});
