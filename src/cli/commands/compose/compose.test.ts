// biome-ignore-all lint/suspicious/noTemplateCurlyInString: variables of Compose files
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
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
    assert.equal((await run(['config', '--volumes'])).stdout, 'v\n');
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
    assert.match((await run(['config', 'web'])).thrown ?? '', /not supported yet/);
    assert.match((await run(['config', '--no-interpolate'])).thrown ?? '', /not supported yet/);
    assert.match((await run(['fly'])).thrown ?? '', /unknown command: dhow compose fly/);
  });
});
