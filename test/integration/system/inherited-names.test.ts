import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import type { Cli } from '../../support/cli.ts';
import { type Daemon, startDaemon } from '../../support/daemon.ts';
import { importBase } from '../../support/describe-engine.ts';

// `{}` has a constructor, and setting its __proto__ sets no key.
describe('names that every object of JavaScript has', () => {
  let daemon: Daemon;
  let dhow: Cli;
  before(async () => {
    daemon = await startDaemon();
    dhow = daemon.cli('dhow');
    await importBase(daemon);
  });
  after(() => daemon?.[Symbol.asyncDispose]());

  it('are variables, labels and filters like others', async () => {
    const args = [
      '--env',
      'constructor',
      '--env',
      '__proto__=z',
      '--label',
      '__proto__=y',
      '--name',
      'toString',
    ];
    const environment = (await dhow.out('run', ...args, 'busybox', 'env')).split('\n');
    assert.ok(environment.includes('__proto__=z'), environment.join());
    assert.ok(!environment.some((line) => line.startsWith('constructor')), environment.join());
    const named = (label: string) =>
      dhow.out('ps', '-a', '--filter', `label=${label}`, '--format', '{{.Names}}');
    assert.equal(await named('__proto__=y'), 'toString');
    assert.equal(await named('constructor'), '');
    for (const name of ['constructor', '__proto__']) {
      assert.match((await dhow.run(['ps', '--filter', `${name}=x`])).stderr, /invalid filter/);
    }
    assert.match((await dhow.run(['completion', 'constructor'])).stderr, /no completion for "constructor"/);
  });

  it('are services, networks and volumes of Compose', async () => {
    const file = path.join(daemon.directory, 'compose.yaml');
    fs.writeFileSync(
      file,
      `
services:
  constructor:
    image: busybox
    command: [env]
    environment: { __proto__: a, constructor: }
    labels: { __proto__: x }
    networks: [toString]
    depends_on: [__proto__]
  __proto__:
    image: busybox
    command: [sleep, "100"]
    networks: [toString]
    volumes: ["valueOf:/v"]
networks: { toString: {} }
volumes: { valueOf: {} }
`,
    );
    const compose = (...args: string[]) => dhow.out('compose', '-p', 'odd', '-f', file, ...args);
    await compose('up', '-d');
    const services = await compose('ps', '-a', '--format', '{{.Service}}');
    assert.deepEqual(services.split('\n').sort(), ['__proto__', 'constructor']);
    assert.match(await compose('logs', '--no-log-prefix', 'constructor'), /^__proto__=a$/m);
    assert.doesNotMatch(await compose('logs', '--no-log-prefix', 'constructor'), /^constructor=/m);
    await compose('down', '--volumes', '-t', '0');
  });
});
