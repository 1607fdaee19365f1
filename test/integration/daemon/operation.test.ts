import assert from 'node:assert/strict';
import { once } from 'node:events';
import fs from 'node:fs';
import http from 'node:http';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import { after, before, describe, it } from 'node:test';
import { dhowProgram } from '../../support/cli.ts';
import { type CommandResult, runCommand } from '../../support/command.ts';
import { type Daemon, startDaemon } from '../../support/daemon.ts';
import { importBase } from '../../support/describe-engine.ts';
import { freePort } from '../../support/free-port.ts';
import { createScratch, type Scratch } from '../../support/scratch.ts';
import { waitFor } from '../../support/wait-for.ts';

/** Nobody's. */
const group = '64711';

describe('the operation of a daemon', () => {
  let scratch: Scratch;
  let daemon: Daemon;
  let file: string;
  let metricsUrl: string;

  before(async () => {
    scratch = createScratch();
    file = path.join(scratch.directory, 'daemon.json');
    configure({});
    const endpoint = `127.0.0.1:${await freePort()}`;
    metricsUrl = `http://${endpoint}/metrics`;
    daemon = await startDaemon({
      args: ['--config-file', file, '--group', group, '--metrics-addr', endpoint, '--log-format', 'json'],
    });
    await importBase(daemon);
  });
  after(async () => {
    await daemon?.[Symbol.asyncDispose]();
    scratch?.remove();
  });

  function configure(content: unknown): void {
    fs.writeFileSync(file, typeof content === 'string' ? content : JSON.stringify(content));
  }

  const logged = (): Record<string, unknown>[] =>
    daemon
      .log()
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line));

  /** The lines of the log since the signal that tell of a reload. */
  async function reload(): Promise<Record<string, unknown>[]> {
    const before = logged().length;
    process.kill(daemon.pid, 'SIGHUP');
    return waitFor('the reload', () => {
      const lines = logged().slice(before);
      return lines.some(({ event }) => /^configuration (not )?reloaded$/.test(String(event))) && lines;
    });
  }

  const info = (template: string): Promise<string> => daemon.cli('docker').out('info', '--format', template);

  describe('its socket', () => {
    const as = (...ids: string[]): Promise<CommandResult> =>
      runCommand('setpriv', ['--reuid=65534', '--clear-groups', ...ids, 'docker', 'ps', '-q'], {
        environment: { DOCKER_HOST: daemon.host, DOCKER_CONFIG: '/nowhere' },
      });

    it('is for root and a group', async () => {
      const { mode, uid, gid } = fs.statSync(daemon.socket);
      assert.deepEqual([mode & 0o777, uid, gid], [0o660, 0, Number(group)]);
      assert.deepEqual(await as(`--regid=${group}`), { code: 0, stdout: '', stderr: '' });
      const other = await as('--regid=65534');
      assert.equal(other.code, 1);
      assert.match(other.stderr, /permission denied/);
    });
  });

  describe('SIGHUP', () => {
    it('brings into effect what can change, and names what has to wait', async () => {
      configure({ debug: true, 'insecure-registries': ['reloaded.test:5000'], icc: false });
      const lines = await reload();
      assert.ok(
        lines.some(
          ({ event, changed }) =>
            event === 'configuration reloaded' && changed === 'debug, insecure-registries',
        ),
        JSON.stringify(lines),
      );
      await waitFor('the warning', () =>
        logged().some(({ event, keys }) => event === 'settings need a restart' && keys === 'icc'),
      );
      assert.match(await info('{{json .RegistryConfig.IndexConfigs}}'), /reloaded.test:5000/);
      const past = [
        '--since',
        '1h',
        '--until',
        String(Date.now() / 1000),
        '--format',
        '{{.Type}} {{.Action}}',
      ];
      const events = await daemon.cli('docker').out('events', '--filter', 'type=daemon', ...past);
      assert.equal(events, 'daemon reload');
    });

    it('changes nothing when there is a mistake in the file', async () => {
      configure({ 'insecure-registries': ['other.test:5000'], 'no-such-key': 1 });
      const [line] = (await reload()).filter(({ level }) => level === 'error');
      assert.match(String(line?.['error']), /unknown key "no-such-key"/);
      assert.match(await info('{{json .RegistryConfig.IndexConfigs}}'), /reloaded.test:5000/);
    });

    it('takes back what is no longer in the file', async () => {
      configure({});
      await reload();
      assert.doesNotMatch(await info('{{json .RegistryConfig.IndexConfigs}}'), /reloaded.test/);
    });
  });

  describe('/debug/', () => {
    const get = async (): Promise<string> => {
      const request = http.get({ socketPath: daemon.socket, path: '/debug/state', agent: false });
      const [response] = await once(request, 'response');
      return text(response);
    };

    it('comes and goes with the setting', async () => {
      configure({});
      await reload();
      assert.match(await get(), /page not found/);
      configure({ debug: true });
      await reload();
      assert.equal(JSON.parse(await get()).requests[0].path, '/debug/state');
    });
  });

  describe('metrics', () => {
    const values = async (): Promise<Map<string, number>> => {
      const response = await fetch(metricsUrl);
      assert.match(response.headers.get('content-type') ?? '', /^text\/plain; version=0\.0\.4/);
      const lines = (await response.text())
        .split('\n')
        .filter((line) => line !== '' && !line.startsWith('#'));
      return new Map(
        lines.map((line) => {
          const at = line.lastIndexOf(' ');
          return [line.slice(0, at), Number(line.slice(at + 1))];
        }),
      );
    };

    it('count what the engine does', async () => {
      const docker = daemon.cli('docker');
      const before = await values();
      const grown = async (name: string): Promise<number> =>
        ((await values()).get(name) ?? 0) - (before.get(name) ?? 0);
      await docker.out('run', '-d', '--name', 'measured', 'busybox', 'sleep', '1000');
      assert.equal((await values()).get('engine_daemon_container_states_containers{state="running"}'), 1);
      for (const action of ['create', 'start']) {
        assert.equal(await grown(`engine_daemon_container_actions_seconds_count{action="${action}"}`), 1);
      }
      await docker.out('rm', '-f', 'measured');
      assert.equal(await grown('engine_daemon_container_actions_seconds_count{action="delete"}'), 1);
      assert.equal((await values()).get('engine_daemon_container_states_containers{state="running"}'), 0);
      assert.ok((await grown('engine_daemon_events_total')) >= 4);
    });

    it('count health checks, and those that failed', async () => {
      const docker = daemon.cli('docker');
      await docker.out(
        ...['run', '-d', '--name', 'ill', '--health-cmd', 'false', '--health-interval', '100ms'],
        ...['busybox', 'sleep', '1000'],
      );
      await waitFor('failed checks', async () => {
        const now = await values();
        return (now.get('engine_daemon_health_checks_failed_total') ?? 0) >= 2;
      });
      const now = await values();
      assert.ok(Number(now.get('engine_daemon_health_checks_total')) >= 2);
      await docker.out('rm', '-f', 'ill');
    });

    it('count builds, and those that failed', async () => {
      const cli = daemon.cli('dhow');
      const failed = await cli.run(['build', '-'], { input: 'FROM busybox\nRUN exit 3\n' });
      assert.equal(failed.code, 3, failed.stderr);
      const now = await values();
      assert.equal(now.get('builder_builds_triggered_total'), 1);
      assert.equal(now.get('builder_builds_failed_total{reason="InvalidParameter"}'), 1);
    });

    it('tell of the process', async () => {
      const now = await values();
      for (const name of [
        'process_cpu_seconds_total',
        'process_resident_memory_bytes',
        'process_virtual_memory_bytes',
        'process_open_fds',
        'process_max_fds',
        'process_start_time_seconds',
        'nodejs_heap_size_used_bytes',
        'nodejs_eventloop_lag_p99_seconds',
      ]) {
        assert.ok(Number(now.get(name)) > 0, name);
      }
    });
  });

  it('--validate says whether a daemon would take the configuration, and starts none', async () => {
    configure({ 'log-level': 'warn' });
    const fine = await runCommand(dhowProgram, ['daemon', '--validate', '--config-file', file]);
    assert.deepEqual(fine, { code: 0, stdout: 'configuration OK\n', stderr: '' });
    configure({ 'log-level': 'loud' });
    const wrong = await runCommand(dhowProgram, ['daemon', '--validate', '--config-file', file]);
    assert.equal(wrong.code, 1);
    assert.match(wrong.stderr, /invalid value "loud" for --log-level/);
  });
});
