import assert from 'node:assert/strict';
import { it } from 'node:test';
import { describeEngine } from '../../support/describe-engine.ts';

const sleeper = ['busybox', 'sleep', '1000'];

describeEngine('network › links', ({ cli, unique }) => {
  const addressOf = (container: string): Promise<string> =>
    cli.out('inspect', '--format', '{{.NetworkSettings.Networks.bridge.IPAddress}}', container);

  it('give a name and variables, and show in inspect and ps', async () => {
    const [db, web] = [unique('db'), unique('web')];
    await cli.out('run', '-d', '--name', db, '--expose', '5432', '--env', 'PASSWORD=x', ...sleeper);
    await cli.out('run', '-d', '--name', web, '--link', `${db}:store`, ...sleeper);
    const address = await addressOf(db);
    const id = await cli.out('inspect', '--format', '{{slice .Id 0 12}}', db);
    const hosts = await cli.out('exec', web, 'cat', '/etc/hosts');
    assert.match(hosts, new RegExp(`^${address}\\s+store ${id} ${db}$`, 'm'));
    const variables = (await cli.out('exec', web, 'env')).split('\n');
    for (const variable of [
      `STORE_NAME=/${web}/store`,
      `STORE_PORT=tcp://${address}:5432`,
      `STORE_PORT_5432_TCP=tcp://${address}:5432`,
      `STORE_PORT_5432_TCP_ADDR=${address}`,
      'STORE_PORT_5432_TCP_PORT=5432',
      'STORE_PORT_5432_TCP_PROTO=tcp',
      'STORE_ENV_PASSWORD=x',
    ]) {
      assert.ok(variables.includes(variable), variable);
    }
    assert.match(await cli.out('exec', web, 'ping', '-c', '1', '-W', '2', 'store'), /1 packets received/);
    assert.equal(
      await cli.out('inspect', '--format', '{{json .HostConfig.Links}}', web),
      `["/${db}:/${web}/store"]`,
    );
    assert.match(await cli.out('ps', '--no-trunc', '--format', '{{.Names}}'), new RegExp(`${web}/store`));
    await cli.out('rm', '-f', web, db);
  });

  it('follow the target when it starts anew', async () => {
    const [db, web, filler] = [unique('db'), unique('web'), unique('filler')];
    await cli.out('run', '-d', '--name', db, ...sleeper);
    await cli.out('run', '-d', '--name', web, '--link', `${db}:store`, ...sleeper);
    await cli.out('exec', web, 'sh', '-c', 'echo "192.0.2.8 own" >> /etc/hosts');
    await cli.out('stop', '-t', '0', db);
    await cli.out('run', '-d', '--name', filler, ...sleeper);
    await cli.out('start', db);
    const hosts = await cli.out('exec', web, 'cat', '/etc/hosts');
    assert.match(hosts, new RegExp(`^${await addressOf(db)}\\s+store `, 'm'));
    assert.match(hosts, /^192\.0\.2\.8\s+own$/m);
    assert.equal(hosts.match(/\bstore\b/g)?.length, 1);
    await cli.out('rm', '-f', web, db, filler);
  });

  it('are there when containers start in the order in which they are named', async () => {
    const [db, web] = [unique('db'), unique('web')];
    await cli.out('run', '-d', '--name', db, ...sleeper);
    await cli.out('run', '-d', '--name', web, '--link', `${db}:store`, ...sleeper);
    await cli.out('stop', '-t', '0', db, web);
    assert.equal(await cli.out('start', db, web), `${db}\n${web}`);
    assert.equal(await cli.out('restart', '-t', '0', db, web), `${db}\n${web}`);
    assert.match(await cli.out('exec', web, 'cat', '/etc/hosts'), /\sstore /);
    await cli.out('rm', '-f', web, db);
  });

  it('to what does not run, or does not exist, are refused', async () => {
    const [db, web] = [unique('db'), unique('web')];
    await cli.out('create', '--name', db, ...sleeper);
    const stopped = await cli.run(['run', '--name', web, '--link', db, 'busybox', 'true']);
    assert.equal(stopped.code, 125);
    assert.match(
      stopped.stderr,
      new RegExp(`Cannot link to a non running container: /${db} AS /${web}/${db}`),
    );
    await cli.out('rm', web);
    const missing = await cli.run(['run', '--name', web, '--link', 'nobody', 'busybox', 'true']);
    assert.equal(missing.code, 125);
    assert.match(missing.stderr, /could not get container for nobody/);
    await cli.out('rm', db);
  });

  it('can be removed', async () => {
    const [db, web] = [unique('db'), unique('web')];
    await cli.out('run', '-d', '--name', db, ...sleeper);
    await cli.out('run', '-d', '--name', web, '--link', `${db}:store`, ...sleeper);
    await cli.out('rm', '--link', `/${web}/store`);
    assert.equal(await cli.out('inspect', '--format', '{{json .HostConfig.Links}}', web), 'null');
    await cli.out('rm', '-f', web, db);
  });

  it('on a network of one’s own are names that nobody else knows', async () => {
    const [network, db, web, other] = [unique('net'), unique('db'), unique('web'), unique('other')];
    await cli.out('network', 'create', network);
    const on = ['--network', network];
    await cli.out('run', '-d', '--name', db, ...on, ...sleeper);
    await cli.out('run', '-d', '--name', web, ...on, '--link', `${db}:store`, ...sleeper);
    await cli.out('run', '-d', '--name', other, ...on, ...sleeper);
    assert.match(await cli.out('exec', web, 'ping', '-c', '1', '-W', '2', 'store'), /1 packets received/);
    assert.notEqual((await cli.run(['exec', other, 'ping', '-c', '1', '-W', '2', 'store'])).code, 0);
    await cli.out('rm', '-f', web, db, other);
    await cli.out('network', 'rm', network);
  });
});
