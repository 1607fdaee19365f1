// biome-ignore-all lint/suspicious/noTemplateCurlyInString: variables of Compose files
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { command } from '#cli/commands/compose/compose.ts';
import { runCommand } from '#cli/testing/fake-context.ts';

describe('dhow compose config', () => {
  let directory = '';
  before(() => {
    directory = mkdtempSync(join(tmpdir(), 'dhow-compose-'));
    const files = {
      'compose.yaml':
        'name: shop\nservices:\n  web: { image: "nginx:${TAG}", command: "echo $$HOME" }\n  db: { image: pg, profiles: [data] }\nvolumes: { v: }\n',
      'compose.override.yaml': 'services: { web: { user: "${WHO}" } }\n',
      'other.yaml': 'services: { web: { image: i, ports: [x] } }\n',
      'raw.yaml':
        'services: { a: { image: "i:${TAG}", user: $$me, volumes: ["./src:/src"], env_file: [{ path: missing.env, required: false }] } }\n',
      'wrong.yaml': 'services: { a: { image: i, networks: [gone] } }\n',
      '.env': 'TAG=2\n',
    };
    for (const [name, content] of Object.entries(files)) writeFileSync(join(directory, name), content);
  });
  after(() => rmSync(directory, { recursive: true }));

  const run = (operands: string[], options = {}) =>
    runCommand(command, { operands, options, workingDirectory: directory });

  it('prints the files, the override and .env together, and tells what is not set', async () => {
    const result = await run(['config']);
    assert.equal(
      result.stdout,
      `name: shop
services:
  web:
    command:
      - echo
      - $$HOME
    image: nginx:2
    networks:
      default: null
networks:
  default:
    name: shop_default
`,
    );
    assert.match(result.stderr, /^The WHO variable is not set/);
    assert.deepEqual(result.calls, []);
  });

  it('prints names, images and hashes, and with --quiet nothing', async () => {
    assert.equal((await run(['config', '--services'], { profile: ['data'] })).stdout, 'db\nweb\n');
    assert.equal((await run(['config', '--volumes'])).stdout, '');
    assert.equal((await run(['config', '--volumes'], { 'all-resources': true })).stdout, 'v\n');
    assert.equal((await run(['config', '--images'])).stdout, 'nginx:2\n');
    assert.match((await run(['config', '--hash', 'web'])).stdout, /^web [0-9a-f]{64}\n$/);
    assert.equal((await run(['config', '-q'])).stdout, '');
    const json: unknown = JSON.parse((await run(['config', '--format', 'json'])).stdout);
    assert.equal((json as { name: string }).name, 'shop');
  });

  it('refuses what is wrong or not done', async () => {
    assert.match(
      (await run(['config'], { file: ['other.yaml'] })).thrown ?? '',
      /other\.yaml:1:\d+: invalid port "x"/,
    );
    assert.match((await run(['config'], { file: ['gone.yaml'] })).thrown ?? '', /no such file: .*gone\.yaml/);
    assert.match((await run(['config', 'nobody'])).thrown ?? '', /no such service: nobody/);
    assert.match((await run(['config', '--models'])).thrown ?? '', /not supported yet/);
    assert.match((await run(['config', '--format', 'xml'])).thrown ?? '', /yaml or json/);
    assert.match((await run(['fly'])).thrown ?? '', /unknown command: dhow compose fly/);
  });

  it('prints profiles, variables and the environment, also of what is off', async () => {
    assert.equal((await run(['config', '--profiles'])).stdout, 'data\n');
    assert.equal(
      (await run(['config', '--variables'])).stdout,
      [
        ['NAME', 'REQUIRED', 'DEFAULT VALUE', 'ALTERNATE VALUE'],
        ['TAG', 'false', '', ''],
        ['WHO', 'false', '', ''],
      ]
        .map((row) => `${row.map((cell, index) => (index < 3 ? cell.padEnd(20) : cell)).join('')}\n`)
        .join(''),
    );
    assert.deepEqual(JSON.parse((await run(['config', '--variables', '--format', 'json'])).stdout), {
      TAG: { Name: 'TAG', DefaultValue: '', PresenceValue: '', Required: false },
      WHO: { Name: 'WHO', DefaultValue: '', PresenceValue: '', Required: false },
    });
    assert.equal((await run(['config', '--environment'])).stdout, 'COMPOSE_PROJECT_NAME=shop\nTAG=2\n');
  });

  it('prints single services, and what they depend on', async () => {
    const result = await run(['config', 'db', '--format', 'json']);
    const { services } = JSON.parse(result.stdout) as { services: object };
    assert.deepEqual(Object.keys(services), ['db']);
    assert.equal((await run(['config', '--images', 'db'])).stdout, 'pg\n');
  });

  it('leaves as it is written what it is told to', async () => {
    const services = async (...flags: string[]) => {
      const { stdout } = await run(['config', '--format', 'json', ...flags], { file: ['raw.yaml'] });
      return (JSON.parse(stdout) as { services: { a: Record<string, unknown> } }).services.a;
    };
    const { image, user } = await services('--no-interpolate');
    assert.deepEqual([image, user], ['i:${TAG}', '$$me']);
    const kept = await services('--no-path-resolution');
    assert.deepEqual(
      [kept['volumes'], kept['user']],
      [[{ type: 'bind', source: './src', target: '/src', bind: { create_host_path: true } }], '$$me'],
    );
    assert.equal((await services('--no-normalize'))['networks'], undefined);
    assert.deepEqual((await services('--no-env-resolution'))['env_file'], [
      { path: join(directory, 'missing.env'), required: false },
    ]);
    const unchecked = await run(['config', '--no-consistency'], { file: ['wrong.yaml'] });
    assert.match(unchecked.stdout, /gone: null/);
    assert.match((await run(['config'], { file: ['wrong.yaml'] })).thrown ?? '', /"gone" is not defined/);
  });

  it('pins images to what their registries have, and can print nothing else', async () => {
    const digest = `sha256:${'a'.repeat(64)}`;
    const pin = (words: string[]) =>
      runCommand(command, {
        operands: ['config', ...words],
        workingDirectory: directory,
        answers: {
          'GET /distribution/docker.io/library/nginx%3A2/json': {
            body: { Descriptor: { mediaType: '', digest, size: 1 }, Platforms: [] },
          },
        },
      });
    assert.match(
      (await pin(['--resolve-image-digests'])).stdout,
      new RegExp(`^ {4}image: docker.io/library/nginx:2@${digest}$`, 'm'),
    );
    assert.equal(
      (await pin(['--lock-image-digests'])).stdout,
      `services:\n  web:\n    image: docker.io/library/nginx:2@${digest}\n`,
    );
  });

  it('writes the project to a file', async () => {
    const result = await run(['config', '--output', 'made.yaml', '--quiet=false', 'web']);
    assert.equal(result.stdout, '');
    assert.match(readFileSync(join(directory, 'made.yaml'), 'utf8'), /image: nginx:2/);
  });
});
