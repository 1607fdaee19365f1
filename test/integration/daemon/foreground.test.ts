import assert from 'node:assert/strict';
import { once } from 'node:events';
import fs from 'node:fs';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { dhowProgram } from '../../support/cli.ts';
import { type CommandResult, runCommand, startCommand } from '../../support/command.ts';
import { type Daemon, startDaemon } from '../../support/daemon.ts';
import { ping } from '../../support/daemon-process.ts';
import { waitFor } from '../../support/wait-for.ts';

describe('dhow daemon', () => {
  let daemon: Daemon;
  before(async () => {
    daemon = await startDaemon();
  });
  after(() => daemon?.[Symbol.asyncDispose]());

  const another = (...args: string[]): Promise<CommandResult> => runCommand(dhowProgram, ['daemon', ...args]);
  /** The first daemon's arguments, with some replaced. */
  const argsBut = (changes: Readonly<Record<string, string>>): string[] =>
    daemon.args.map((word, index) => changes[daemon.args[index - 1] ?? ''] ?? word);

  it('serves where --host says, from where --data-root says', async () => {
    for (const name of ['docker', 'dhow'] as const) {
      assert.equal(await daemon.cli(name).out('info', '--format', '{{.DockerRootDir}}'), daemon.dataRoot);
    }
    assert.ok(fs.statSync(daemon.socket).isSocket());
    assert.equal(fs.statSync(daemon.socket).mode & 0o777, 0o660);
  });

  it('--host of the command line wins over DOCKER_HOST, and a dead one is told', async () => {
    const wrong = `unix://${daemon.directory}/wrong.sock`;
    const cli = daemon.cli('dhow');
    const found = await cli.run(['--host', daemon.host, 'ps', '-q'], { environment: { DOCKER_HOST: wrong } });
    assert.deepEqual(found, { code: 0, stdout: '', stderr: '' });
    const lost = await cli.run(['ps'], { environment: { DOCKER_HOST: wrong } });
    assert.equal(lost.code, 1);
    assert.match(lost.stderr, new RegExp(`Cannot connect to the Dhow daemon at ${wrong}`));
    assert.equal(fs.existsSync(`${daemon.directory}/wrong.sock`), false, 'and none is started');
  });

  it('a second one on the same data root is refused, and the first one goes on', async () => {
    const { code, stderr } = await another(
      ...argsBut({
        '--host': `unix://${daemon.directory}/second.sock`,
        '--run-root': `${daemon.directory}/run`,
      }),
    );
    assert.notEqual(code, 0);
    assert.match(
      stderr,
      new RegExp(`the data root ${daemon.dataRoot} is in use by another daemon \\(pid ${daemon.pid}\\)`),
    );
    assert.ok(await ping(daemon.socket));
  });

  it('a second one on the same run root, socket, bridge or table is refused before it touches the first one’s network', async () => {
    const docker = daemon.cli('docker');
    const table = (): Promise<CommandResult> => runCommand('nft', ['list', 'table', 'inet', daemon.nftTable]);
    const before = (await table()).stdout;
    const dataRoot = `${daemon.directory}/second`;
    const sameRun = await another(...argsBut({ '--data-root': dataRoot }));
    assert.notEqual(sameRun.code, 0);
    assert.match(sameRun.stderr, new RegExp(`the run root ${daemon.runRoot} is in use by another daemon`));
    const sameSocket = await another(
      ...argsBut({ '--data-root': dataRoot, '--run-root': `${daemon.directory}/run` }),
    );
    assert.notEqual(sameSocket.code, 0);
    assert.match(sameSocket.stderr, new RegExp(`another daemon listens on unix://${daemon.socket}`));
    const ownRoots = {
      '--host': `unix://${daemon.directory}/second.sock`,
      '--data-root': dataRoot,
      '--run-root': `${daemon.directory}/run`,
    };
    const sameBridge = await another(...argsBut({ ...ownRoots, '--nft-table': 'dhow_test_other' }));
    assert.notEqual(sameBridge.code, 0);
    const holder = `in use by another daemon \\(pid ${daemon.pid}\\)`;
    assert.match(sameBridge.stderr, new RegExp(`the bridge ${daemon.bridge} is ${holder}`));
    const sameTable = await another(...argsBut({ ...ownRoots, '--bridge': 'dtother0' }));
    assert.notEqual(sameTable.code, 0);
    assert.match(sameTable.stderr, new RegExp(`the table ${daemon.nftTable} is ${holder}`));
    assert.notEqual(before, '');
    assert.equal((await table()).stdout, before);
    assert.equal(await docker.out('ps', '-q'), '');
  });

  it('names a flag that it does not know, and a value that it cannot use', async () => {
    const unknown = await another('--no-such-flag');
    assert.equal(unknown.code, 1);
    assert.match(unknown.stderr, /unknown flag: --no-such-flag/);
    const relative = await another('--data-root', 'relative');
    assert.equal(relative.code, 1);
    assert.match(relative.stderr, /--data-root: expected an absolute path/);
    const tcp = await another('--host', 'ftp://nowhere');
    assert.equal(tcp.code, 1);
    assert.match(tcp.stderr, /cannot listen on "ftp:\/\/nowhere"/);
  });

  it('--help lists its flags', async () => {
    const { code, stdout } = await another('--help');
    assert.equal(code, 0);
    for (const flag of ['--host', '--data-root', '--debug', '--config-file'])
      assert.ok(stdout.includes(flag), flag);
  });

  it('ends with 0 when it is told to, without its socket, and its containers go on', async () => {
    await daemon.stop();
    assert.equal(fs.existsSync(daemon.socket), false);
    await daemon.start();
    assert.match(daemon.log(), /event=stopping signal=SIGTERM/);
  });
});

describe('dhow daemon with a configuration file', () => {
  let daemon: Daemon;
  let directory: string;
  before(async () => {
    // Only for its names and its clean-up: the daemons of the tests take its place.
    daemon = await startDaemon();
    await daemon.stop();
    ({ directory } = daemon);
  });
  after(() => daemon?.[Symbol.asyncDispose]());

  const write = (content: unknown): string => {
    const file = path.join(directory, 'daemon.json');
    fs.writeFileSync(file, typeof content === 'string' ? content : JSON.stringify(content));
    return file;
  };
  /** The settings that keep it away from others, by the keys of the file. */
  const own = (): Record<string, unknown> => ({
    hosts: [daemon.host],
    'data-root': daemon.dataRoot,
    'exec-root': daemon.runRoot,
    bridge: daemon.bridge,
    'nft-table': daemon.nftTable,
    'cgroup-parent': daemon.cgroupParent,
  });

  it('takes its settings from there, and flags win over them', async () => {
    const file = write({ ...own(), debug: true, 'insecure-registries': ['registry.test:5000'] });
    const second = `unix://${path.dirname(daemon.socket)}/flag.sock`;
    const child = startCommand(dhowProgram, ['daemon', '--config-file', file, '--host', second]);
    const ended = once(child, 'exit');
    let log = '';
    child.stderr.on('data', (chunk) => {
      log += chunk;
    });
    await waitFor('the daemon to listen', () => ping(second.slice('unix://'.length)));
    const info = await runCommand('docker', [
      '--host',
      second,
      'info',
      '--format',
      '{{.DockerRootDir}} {{.Debug}} {{json .RegistryConfig.IndexConfigs}}',
    ]);
    assert.match(info.stdout, new RegExp(`^${daemon.dataRoot} true .*registry.test:5000`));
    assert.ok(!(await ping(daemon.socket)), 'the host of the file is replaced');
    child.kill('SIGINT');
    assert.deepEqual(await ended, [0, null]);
    assert.match(log, /event=started .*/);
    assert.match(log, /level=debug event=request method=GET path=\/v[\d.]+\/info/);
  });

  const refused: [string, unknown, RegExp][] = [
    ['an unknown key', { 'no-such-key': 1 }, /unknown key "no-such-key"/],
    ['a value of the wrong kind', { debug: 'yes' }, /"debug" must be a boolean/],
    ['what is not JSON', '{', /is not JSON/],
  ];
  for (const [what, content, message] of refused) {
    it(`refuses ${what}, naming the file`, async () => {
      const file = write(content);
      const { code, stderr } = await runCommand(dhowProgram, ['daemon', '--config-file', file]);
      assert.equal(code, 1);
      assert.match(stderr, message);
      assert.ok(stderr.includes(file));
    });
  }

  it('refuses a file that is named and not there', async () => {
    const { code, stderr } = await runCommand(dhowProgram, [
      'daemon',
      '--config-file',
      '/nowhere/daemon.json',
    ]);
    assert.equal(code, 1);
    assert.match(stderr, /cannot read the configuration file \/nowhere\/daemon\.json/);
  });
});
