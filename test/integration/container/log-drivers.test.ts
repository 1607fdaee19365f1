import assert from 'node:assert/strict';
import dgram from 'node:dgram';
import { once } from 'node:events';
import fs from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import tls from 'node:tls';
import type { Cli } from '../../support/cli.ts';
import { outputOf } from '../../support/command.ts';
import { type Daemon, startDaemon } from '../../support/daemon.ts';
import { importBase } from '../../support/describe-engine.ts';
import { type Journal, startJournal } from '../../support/journal.ts';
import { waitFor } from '../../support/wait-for.ts';

/** Prints 1 … `last`, in bursts with pauses, so that much can happen meanwhile. */
const counting = (last: number) =>
  `i=0; while [ $i -lt ${last} ]; do i=$((i + 1)); echo $i; [ $((i % 500)) = 0 ] && sleep 0.1; done`;
const numbers = (last: number) => Array.from({ length: last }, (_, index) => String(index + 1));

describe('log drivers', () => {
  let journal: Journal;
  let daemon: Daemon;
  let docker: Cli;
  before(async () => {
    journal = await startJournal();
    daemon = await startDaemon({ args: ['--journald-socket', journal.socket] });
    await importBase(daemon);
    docker = daemon.cli('docker');
  });
  after(async () => {
    await daemon?.[Symbol.asyncDispose]();
    await journal?.[Symbol.asyncDispose]();
  });

  async function journaled(id: string, count: number): Promise<Record<string, string>[]> {
    return waitFor(`${count} entries in the journal`, async () => {
      const entries = await journal.entries({ CONTAINER_ID_FULL: id });
      return entries.length >= count && entries;
    });
  }

  test('journald has the output with what Docker tells of its container, and logs reads it back', async () => {
    const long = 'x'.repeat(120_000);
    const id = await docker.out(
      ...[
        'run',
        '-d',
        '--name',
        'web',
        '--log-driver',
        'journald',
        '--log-opt',
        'tag={{.Name}}/{{.ImageName}}',
      ],
      ...['--log-opt', 'labels=com.example.team', '--log-opt', 'env-regex=^ST', '--env', 'STAGE=test'],
      ...['--label', 'com.example.team=red & blue', 'busybox', 'sh', '-c', 'echo out; echo err >&2'],
    );
    const [first = {}, second = {}] = (await journaled(id, 2)).sort((a, b) =>
      String(a['MESSAGE']) < String(b['MESSAGE']) ? 1 : -1,
    );
    assert.partialDeepStrictEqual(first, {
      MESSAGE: 'out',
      PRIORITY: '6',
      CONTAINER_ID: id.slice(0, 12),
      CONTAINER_NAME: 'web',
      CONTAINER_TAG: 'web/busybox',
      SYSLOG_IDENTIFIER: 'web/busybox',
      IMAGE_NAME: 'busybox',
      COM_EXAMPLE_TEAM: 'red & blue',
      STAGE: 'test',
    });
    assert.partialDeepStrictEqual(second, { MESSAGE: 'err', PRIORITY: '3' });
    const { stdout, stderr } = await docker.run(['logs', '--details', 'web']);
    assert.equal(stdout, 'COM_EXAMPLE_TEAM=red+%26+blue,STAGE=test out\n');
    assert.equal(stderr, 'COM_EXAMPLE_TEAM=red+%26+blue,STAGE=test err\n');

    const large = await docker.out(
      ...['run', '-d', '--log-driver', 'journald', '--log-opt', 'labels=a,b', '--label', `a=${long}`],
      ...['--label', `b=${long}`, 'busybox', 'echo', 'larger than a datagram'],
    );
    const [entry = {}] = await journaled(large, 1);
    assert.equal(entry['MESSAGE'], 'larger than a datagram');
    assert.equal(entry['B'], long);
  });

  test('a daemon that is killed and started again loses nothing, and repeats no line but one that it died over', async () => {
    const id = await docker.out(
      'run',
      '-d',
      '--log-driver',
      'journald',
      'busybox',
      'sh',
      '-c',
      counting(8000),
    );
    const kills = [1000, 3000, 5000];
    for (const count of kills) {
      await journaled(id, count);
      await daemon.kill9();
      await daemon.start();
    }
    await docker.out('wait', id);
    await journaled(id, 8000);
    await daemon.stop();
    await daemon.start();
    const entries = await journal.entries({ CONTAINER_ID_FULL: id });
    const lines = entries.map((entry) => entry['MESSAGE']);
    const single = lines.filter((line, index) => line !== lines[index - 1]);
    assert.deepEqual(single, numbers(8000));
    // Between the sending of a line and the note of it a daemon can be killed.
    assert.ok(
      lines.length - single.length <= kills.length,
      `${lines.length - single.length} lines came twice`,
    );
    assert.deepEqual((await docker.out('logs', id)).split('\n'), numbers(8000));
  });

  test('the local syslog socket', async () => {
    const address = `syslog-address=unixgram://${journal.syslogSocket}`;
    const options = ['--log-driver', 'syslog', '--log-opt', address, '--log-opt', 'tag=local-{{.Name}}'];
    await docker.out('run', '--rm', '--name', 'sys', ...options, 'busybox', 'echo', 'to /dev/log');
    const entries = await waitFor('the entry', async () => {
      const found = await journal.entries({ SYSLOG_IDENTIFIER: 'local-sys' });
      return found.length > 0 && found;
    });
    assert.partialDeepStrictEqual(entries, [
      { MESSAGE: 'to /dev/log', SYSLOG_FACILITY: '3', PRIORITY: '6', _TRANSPORT: 'syslog' },
    ]);
  });

  test('syslog by UDP', async () => {
    const server = dgram.createSocket('udp4').bind(0, '127.0.0.1');
    await once(server, 'listening');
    const received: string[] = [];
    server.on('message', (message) => received.push(message.toString()));
    await docker.out(
      ...[
        'run',
        '--rm',
        '--log-driver',
        'syslog',
        '--log-opt',
        'syslog-format=rfc5424',
        '--log-opt',
        'tag=web',
      ],
      ...['--log-opt', `syslog-address=udp://127.0.0.1:${server.address().port}`],
      ...['--log-opt', 'syslog-facility=local1', 'busybox', 'sh', '-c', 'echo one; echo two >&2'],
    );
    await waitFor('both lines', () => received.length === 2);
    server.close();
    assert.match(received.join(''), /^<142>1 \S+Z \S+ web \d+ web - one$/m);
    assert.match(received.join(''), /^<139>1 \S+Z \S+ web \d+ web - two$/m);
  });

  test('a syslog server that goes away gets what it missed when it is back', async () => {
    const received: string[] = [];
    const connections = new Set<net.Socket>();
    const listen = async (port: number) => {
      const server = net.createServer((socket) => {
        connections.add(socket);
        socket.on('data', (chunk) => received.push(chunk.toString()));
      });
      server.listen(port, '127.0.0.1');
      await once(server, 'listening');
      return server;
    };
    const first = await listen(0);
    const { port } = first.address() as net.AddressInfo;
    const options = ['--log-driver', 'syslog', '--log-opt', `syslog-address=tcp://127.0.0.1:${port}`];
    const id = await docker.out('run', '-d', ...options, 'busybox', 'sleep', '1000');
    const say = (text: string) => docker.out('exec', id, 'sh', '-c', `echo ${text} >/proc/1/fd/1`);
    await say('early');
    await waitFor('the first line', () => received.join('').includes('early'));
    for (const socket of connections) socket.destroy();
    first.close();
    await once(first, 'close');
    await say('missed');
    await waitFor('the daemon to notice', () => daemon.log().includes('log waits for its destination'));
    assert.equal((await docker.run(['run', '--rm', ...options, 'busybox', 'true'])).code, 125);
    const second = await listen(port);
    await say('late');
    await waitFor('what it missed', () => received.join('').includes('late'));
    for (const socket of connections) socket.destroy();
    second.close();
    const lines = received.join('').match(/\w+$/gm);
    assert.deepEqual(lines, ['early', 'missed', 'late']);
    await docker.out('rm', '-f', id);
  });

  test('syslog over TLS', async () => {
    const file = (name: string) => path.join(daemon.directory, name);
    await outputOf('openssl', [
      ...['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '1', '-subj', '/CN=localhost'],
      ...['-addext', 'subjectAltName=DNS:localhost,IP:127.0.0.1'],
      ...['-keyout', file('key.pem'), '-out', file('cert.pem')],
    ]);
    const received: string[] = [];
    const server = tls.createServer(
      { key: fs.readFileSync(file('key.pem')), cert: fs.readFileSync(file('cert.pem')) },
      (socket) => {
        socket.on('error', () => {});
        socket.on('data', (chunk) => received.push(chunk.toString()));
      },
    );
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as net.AddressInfo;
    const options = [
      ...['--log-driver', 'syslog', '--log-opt', `syslog-address=tcp+tls://127.0.0.1:${port}`],
      ...['--log-opt', 'syslog-format=rfc5424'],
    ];
    const untrusted = await docker.run(['run', '--rm', ...options, 'busybox', 'echo', 'secret']);
    assert.equal(untrusted.code, 125);
    assert.match(untrusted.stderr, /failed to initialize logging driver: syslog: .*certificate/);
    const authority = ['--log-opt', `syslog-tls-ca-cert=${file('cert.pem')}`];
    await docker.out('run', '--rm', ...options, ...authority, 'busybox', 'echo', 'secret');
    await waitFor('the line', () => received.join('').includes('secret'));
    server.close();
    assert.match(received.join(''), /^\d+ <30>1 .* - secret\n$/);
  });

  test('what cannot be read or reached is said', async () => {
    const address = `syslog-address=unixgram://${journal.syslogSocket}`;
    const unread = ['--log-driver', 'syslog', '--log-opt', address, '--log-opt', 'cache-disabled=true'];
    await docker.out('run', '--name', 'unread', ...unread, 'busybox', 'echo', 'gone');
    const logs = await docker.run(['logs', 'unread']);
    assert.equal(logs.code, 1);
    assert.match(logs.stderr, /configured logging driver does not support reading/);

    const nowhere = ['--log-driver', 'syslog', '--log-opt', 'syslog-address=unix:///nowhere/log'];
    const { code, stderr } = await docker.run(['run', '--name', 'nowhere', ...nowhere, 'busybox', 'true']);
    assert.equal(code, 125);
    assert.match(stderr, /failed to initialize logging driver: syslog: .*ENOENT/);
    assert.equal(await docker.out('inspect', '-f', '{{.State.Status}}', 'nowhere'), 'created');
    const other = await docker.run(['run', '--rm', '--log-driver', 'gelf', 'busybox', 'true']);
    assert.equal(other.code, 125);
    assert.match(other.stderr, /"gelf" is not supported/);
  });

  test('the daemon has defaults for those who say nothing', async () => {
    const file = path.join(daemon.directory, 'daemon.json');
    fs.writeFileSync(
      file,
      JSON.stringify({ 'log-driver': 'journald', 'log-opts': { tag: 'fleet', 'cache-max-size': '1m' } }),
    );
    const args = ['--journald-socket', journal.socket, '--config-file', file];
    await using other = await startDaemon({ args });
    await importBase(other);
    const cli = other.cli('docker');
    assert.equal(await cli.out('info', '-f', '{{.LoggingDriver}}'), 'journald');
    const id = await cli.out('run', '-d', 'busybox', 'echo', 'by default');
    const [entry = {}] = await journaled(id, 1);
    assert.equal(entry['SYSLOG_IDENTIFIER'], 'fleet');
    const config = await cli.out('inspect', '-f', '{{json .HostConfig.LogConfig}}', id);
    assert.deepEqual(JSON.parse(config), {
      Type: 'journald',
      Config: { tag: 'fleet', 'cache-max-size': '1m' },
    });
    assert.equal(await cli.out('run', '--rm', '--log-driver', 'local', 'busybox', 'echo', 'local'), 'local');
    await assert.rejects(
      startDaemon({ args: ['--log-driver', 'local', '--log-opt', 'labels=a'] }),
      /unknown log opt 'labels' for local log driver/,
    );
  });
});
