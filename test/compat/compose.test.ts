import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { type CommandResult, runCommand } from '../support/command.ts';
import type { Engine } from '../support/engine.ts';
import { freePort } from '../support/free-port.ts';
import { waitFor } from '../support/wait-for.ts';
import { startEngine } from './start-engine.ts';

/** Debian's docker-compose: version 1.29 in Debian 12, a client in Python; later ones are in Go. */
describe('docker-compose', () => {
  let engine: Engine;
  let directory: string;
  let port: number;

  before(async () => {
    engine = await startEngine();
    port = await freePort();
    directory = path.join(engine.directory, 'project');
    fs.mkdirSync(directory);
    fs.writeFileSync(path.join(directory, 'docker-compose.yml'), projectFile(port));
    fs.writeFileSync(path.join(directory, 'host-file'), 'from the host');
  });
  after(() => engine?.[Symbol.asyncDispose]());

  function run(...args: string[]): Promise<CommandResult> {
    const environment = {
      DOCKER_HOST: engine.host,
      DOCKER_CONFIG: `${engine.directory}/config`,
      DOCKER_CONTEXT: undefined,
    };
    return runCommand('docker-compose', ['--ansi', 'never', ...args], {
      directory,
      environment,
      timeoutMs: 60_000,
    });
  }
  async function compose(...args: string[]): Promise<string> {
    const { code, stdout, stderr } = await run(...args);
    assert.equal(code, 0, `${args.join(' ')}: ${stdout}${stderr}`);
    return stdout.trim();
  }
  const docker = (...args: string[]): Promise<string> => engine.cli('docker').out(...args);
  const page = async (): Promise<string> => (await fetch(`http://127.0.0.1:${port}/`)).text();

  it('brings a project up, with its own network and volume', async () => {
    await compose('up', '-d');
    assert.equal((await compose('ps', '-q')).split('\n').length, 2);
    assert.equal(await waitFor('the page', page), 'hello from web\n');
    assert.match(
      await docker('network', 'ls', '--format', '{{.Name}} {{.Driver}}'),
      /^project_default bridge$/m,
    );
    assert.match(await docker('volume', 'ls', '-q'), /^project_data$/m);
    const [web] = (await compose('ps', '-q', 'web')).split('\n');
    assert.equal(
      await docker(
        'inspect',
        '--format',
        '{{index .Config.Labels "com.docker.compose.service"}} {{.HostConfig.RestartPolicy.Name}}',
        web ?? '',
      ),
      'web always',
    );
  });

  it('lets the services find each other by name', async () => {
    assert.equal(await compose('exec', '-T', 'client', 'wget', '-qO-', 'http://web/'), 'hello from web');
  });

  it('shows logs, runs commands, and starts containers for one task', async () => {
    assert.match(await compose('logs', '--no-color', 'client'), /client_1\s+\| client is up/);
    assert.equal(await compose('exec', '-T', 'web', 'cat', '/host/host-file'), 'from the host');
    assert.equal((await run('exec', '-T', 'web', 'sh', '-c', 'exit 7')).code, 7);
    assert.match(await compose('run', '--rm', '-T', 'client', 'echo', 'one task'), /one task/);
  });

  it('leaves alone what has not changed, and makes anew what has', async () => {
    const before = await compose('ps', '-q');
    await compose('up', '-d');
    assert.equal(await compose('ps', '-q'), before);
    fs.writeFileSync(
      path.join(directory, 'docker-compose.yml'),
      projectFile(port).replace('hello from web', 'hello again'),
    );
    await compose('up', '-d');
    assert.notEqual(await compose('ps', '-q'), before);
    assert.equal(await waitFor('the new page', async () => (await page()) === 'hello again\n'), true);
  });

  it('scales, stops, starts and restarts services', async () => {
    await compose('up', '-d', '--scale', 'client=3');
    assert.equal((await compose('ps', '-q', 'client')).split('\n').length, 3);
    await compose('stop', '-t', '0');
    await assert.rejects(page());
    await compose('start');
    assert.equal(await waitFor('the page', page), 'hello again\n');
    await compose('restart', '-t', '0', 'web');
    assert.equal(await waitFor('the page', page), 'hello again\n');
  });

  it('takes all down', async () => {
    await compose('down', '--volumes', '-t', '0');
    assert.equal(await docker('ps', '-aq'), '');
    assert.doesNotMatch(await docker('network', 'ls'), /project/);
    assert.equal(await docker('volume', 'ls', '-q'), '');
  });
});

function projectFile(port: number): string {
  return `
version: '3.8'
services:
  web:
    image: busybox
    command: sh -c 'mkdir -p /www; echo "$$GREETING" > /www/index.html; exec httpd -f -p 80 -h /www'
    environment: { GREETING: hello from web }
    ports: ['127.0.0.1:${port}:80']
    volumes: ['data:/data', './:/host:ro']
    restart: always
  client:
    image: busybox
    depends_on: [web]
    command: sh -c 'echo client is up; exec sleep 1000'
    stop_grace_period: 1s
volumes:
  data:
`;
}
