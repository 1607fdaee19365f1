import assert from 'node:assert/strict';
import { once } from 'node:events';
import fs from 'node:fs';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { connect } from 'node:tls';
import { type Authority, createAuthority } from '../../support/certificates.ts';
import { cliNames, dhowProgram } from '../../support/cli.ts';
import { type CommandOptions, type CommandResult, runCommand, startCommand } from '../../support/command.ts';
import { type Daemon, startDaemon } from '../../support/daemon.ts';
import { importBase } from '../../support/describe-engine.ts';
import { freePort } from '../../support/free-port.ts';
import { createScratch, type Scratch } from '../../support/scratch.ts';
import { waitFor } from '../../support/wait-for.ts';

describe('a daemon on TCP', () => {
  let scratch: Scratch;
  let authority: Authority;
  let server: string;
  let daemon: Daemon;
  let secure: string;
  /** Certificates of clients, by who signed them. */
  let known: string;
  let stranger: string;

  before(async () => {
    scratch = createScratch();
    authority = await createAuthority(scratch.directory, 'authority');
    server = await authority.issue('daemon', 'serverAuth');
    known = await authority.issue('client', 'clientAuth');
    const other = await createAuthority(scratch.directory, 'other');
    stranger = await other.issue('client', 'clientAuth');
    // It trusts the daemon all the same, so that it is the daemon that refuses.
    fs.copyFileSync(path.join(server, 'ca.pem'), path.join(stranger, 'ca.pem'));
    secure = `tcp://127.0.0.1:${await freePort()}`;
    daemon = await startDaemon({ args: ['--host', secure, '--tlsverify', ...tlsFlags(server)] });
    await importBase(daemon);
  });
  after(async () => {
    await daemon?.[Symbol.asyncDispose]();
    scratch?.remove();
  });

  function tlsFlags(directory: string): string[] {
    return [
      ['--tlscacert', path.join(directory, 'ca.pem')],
      ['--tlscert', path.join(directory, 'cert.pem')],
      ['--tlskey', path.join(directory, 'key.pem')],
    ].flat();
  }

  const environment = (certificates: string): Record<string, string | undefined> => ({
    DOCKER_HOST: secure,
    DOCKER_TLS_VERIFY: '1',
    DOCKER_CERT_PATH: certificates,
    DOCKER_CONTEXT: undefined,
    DOCKER_CONFIG: `${daemon.directory}/config`,
  });

  for (const name of cliNames) {
    const program = name === 'docker' ? 'docker' : dhowProgram;
    const run = (args: string[], options: CommandOptions = {}): Promise<CommandResult> =>
      runCommand(program, args, { ...options, environment: environment(known) });

    describe(`by ${name} with a certificate`, () => {
      it('runs containers, input and output included', async () => {
        const counted = await run(['run', '--rm', '-i', 'busybox', 'wc', '-c'], {
          input: 'x'.repeat(300_000),
        });
        assert.deepEqual(counted, { code: 0, stdout: '300000\n', stderr: '' });
        const failed = await run(['run', '--rm', 'busybox', 'sh', '-c', 'echo out; echo err >&2; exit 7']);
        assert.deepEqual(failed, { code: 7, stdout: 'out\n', stderr: 'err\n' });
      });

      it('the end of its input is the end of the process’s, and output goes on after it', async () => {
        const script = 'cat; for i in 1 2 3; do sleep 0.1; echo after $i; done; exit 3';
        assert.deepEqual(
          await run(['run', '--rm', '-i', 'busybox', 'sh', '-c', script], { input: 'before\n' }),
          {
            code: 3,
            stdout: 'before\nafter 1\nafter 2\nafter 3\n',
            stderr: '',
          },
        );
        const container = `${name}-exec`;
        assert.equal((await run(['run', '-d', '--name', container, 'busybox', 'sleep', '1000'])).code, 0);
        assert.deepEqual(await run(['exec', '-i', container, 'sh', '-c', script], { input: 'before\n' }), {
          code: 3,
          stdout: 'before\nafter 1\nafter 2\nafter 3\n',
          stderr: '',
        });
        assert.equal((await run(['rm', '-f', container])).code, 0);
      });

      it('attaches, and a client that goes away leaves the process alone', async () => {
        const container = `${name}-attach`;
        await run(['run', '-d', '-i', '--name', container, 'busybox', 'cat']);
        const child = startCommand(program, ['attach', container], { environment: environment(known) });
        const closed = once(child, 'close');
        let output = '';
        child.stdout.on('data', (chunk) => {
          output += chunk;
        });
        child.stdin.write('to and fro\n');
        await waitFor('the echo', () => output === 'to and fro\n');
        child.kill('SIGKILL');
        await closed;
        const { stdout } = await run(['inspect', '-f', '{{.State.Status}}', container]);
        assert.equal(stdout, 'running\n');
        assert.equal((await run(['rm', '-f', container])).code, 0);
      });

      it('follows logs and watches events', async () => {
        const format = '{{.Action}} {{.Actor.Attributes.name}}';
        const events = startCommand(program, ['events', '--format', format], {
          environment: environment(known),
        });
        let seen = '';
        events.stdout.on('data', (chunk) => {
          seen += chunk;
        });
        // Events are told from the moment that they are asked for, which nobody is told of.
        await waitFor('the first event', async () => {
          await run(['run', '--rm', 'busybox', 'true']);
          return seen.includes('destroy');
        });
        const container = `${name}-told`;
        const script = 'echo one; echo two';
        const logs = startCommand(
          program,
          ['run', '--rm', '--name', container, 'busybox', 'sh', '-c', script],
          {
            environment: environment(known),
          },
        );
        let output = '';
        logs.stdout.on('data', (chunk) => {
          output += chunk;
        });
        await once(logs, 'close');
        assert.equal(output, 'one\ntwo\n');
        await waitFor('the last event', () => seen.includes(`destroy ${container}`));
        events.kill('SIGKILL');
        await once(events, 'close');
      });
    });

    it(`${name} --tlsverify with files named by flags`, async () => {
      const { code, stdout } = await runCommand(
        program,
        ['--tlsverify', ...tlsFlags(known), '-H', secure, 'version', '--format', '{{.Server.Os}}'],
        { environment: { ...environment(''), DOCKER_HOST: undefined, DOCKER_TLS_VERIFY: undefined } },
      );
      assert.deepEqual([code, stdout], [0, 'linux\n']);
    });

    it(`${name} without a certificate, or with one of another authority, is refused`, async () => {
      for (const certificates of [path.join(server, '..'), stranger]) {
        const { code, stdout } = await runCommand(program, ['ps', '-aq'], {
          environment: environment(certificates),
        });
        assert.equal(code, 1);
        assert.equal(stdout, '');
      }
      assert.match(daemon.log(), /event="tls connection refused" peer=127.0.0.1/);
    });
  }

  it('no certificate opens no request, and plain HTTP none either', async () => {
    const port = Number(secure.split(':').at(-1));
    const socket = connect({ host: '127.0.0.1', port, rejectUnauthorized: false });
    let received = '';
    socket.on('data', (chunk) => {
      received += chunk;
    });
    socket.on('error', () => {});
    socket.write('GET /containers/json HTTP/1.1\r\nHost: x\r\n\r\n');
    await new Promise((resolve) => socket.once('close', resolve));
    assert.equal(received, '');
    const plain = await runCommand('docker', ['-H', secure, 'ps'], {
      environment: { DOCKER_TLS_VERIFY: undefined, DOCKER_HOST: undefined },
    });
    assert.equal(plain.code, 1);
  });

  it('takes a new certificate when it is told to reload, and keeps the old one when the new is none', async () => {
    const serial = async (): Promise<string> => {
      const socket = connect({
        host: '127.0.0.1',
        port: Number(secure.split(':').at(-1)),
        rejectUnauthorized: false,
        ...{
          cert: fs.readFileSync(path.join(known, 'cert.pem')),
          key: fs.readFileSync(path.join(known, 'key.pem')),
        },
      });
      await once(socket, 'secureConnect');
      const { serialNumber } = socket.getPeerCertificate();
      socket.destroy();
      return serialNumber;
    };
    const old = await serial();
    const next = await authority.issue('renewed', 'serverAuth');
    for (const file of ['cert.pem', 'key.pem']) {
      fs.copyFileSync(path.join(next, file), path.join(server, file));
    }
    process.kill(daemon.pid, 'SIGHUP');
    const renewed = await waitFor('the new certificate', async () => {
      const now = await serial();
      return now !== old && now;
    });
    fs.writeFileSync(path.join(server, 'cert.pem'), 'none');
    process.kill(daemon.pid, 'SIGHUP');
    await waitFor('the refusal', () => daemon.log().includes('event="configuration not reloaded"'));
    assert.equal(await serial(), renewed);
    fs.copyFileSync(path.join(next, 'cert.pem'), path.join(server, 'cert.pem'));
  });

  it('is only encrypted with --tls, once it is said what that means', async () => {
    const own = `tcp://127.0.0.1:${await freePort()}`;
    const flags = ['--tls', ...tlsFlags(server), '--insecure-tcp-without-client-certificates'];
    await using encrypted = await startDaemon({ args: ['--host', own, ...flags] });
    for (const name of cliNames) {
      const client = encrypted.cli(name);
      const options = ['--tls', '--tlscacert', path.join(server, 'ca.pem'), '-H', own];
      const unset = { environment: { DOCKER_HOST: undefined } };
      assert.deepEqual(await client.run([...options, 'ps', '-q'], unset), {
        code: 0,
        stdout: '',
        stderr: '',
      });
      assert.notEqual((await client.run(['-H', own, 'ps', '-q'], unset)).code, 0);
    }
  });

  it('is refused without client certificates, unless it is said what that means', async () => {
    const own = `tcp://127.0.0.1:${await freePort()}`;
    for (const flags of [[], ['--tls', ...tlsFlags(server)]]) {
      const { code, stderr } = await runCommand(dhowProgram, ['daemon', '--validate', '-H', own, ...flags]);
      assert.equal(code, 1);
      assert.match(stderr, new RegExp(`whoever reaches ${own} would be root on this machine`));
    }
  });
});

describe('a daemon on TCP without client certificates', () => {
  let daemon: Daemon;
  let host: string;
  before(async () => {
    host = `tcp://127.0.0.1:${await freePort()}`;
    daemon = await startDaemon({ args: ['--host', host, '--insecure-tcp-without-client-certificates'] });
    await importBase(daemon);
  });
  after(() => daemon?.[Symbol.asyncDispose]());

  for (const name of cliNames) {
    it(`serves ${name}, half-close included`, async () => {
      const { code, stdout } = await daemon
        .cli(name)
        .run(['-H', host, 'run', '--rm', '-i', 'busybox', 'sh', '-c', 'cat; echo after'], {
          input: 'before\n',
          environment: { DOCKER_HOST: undefined },
        });
      assert.deepEqual([code, stdout], [0, 'before\nafter\n']);
    });
  }

  it('warns of it in its log and in info', async () => {
    const warning = `WARNING: whoever reaches ${host} is root on this machine`;
    assert.ok(daemon.log().includes(`warning="${warning}"`));
    assert.ok((await daemon.cli('docker').run(['info'])).stderr.includes(warning));
  });
});
