import assert from 'node:assert/strict';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { collectChanges } from '#cli/commands/compose/watch/collect-changes.ts';
import { readTriggers } from '#cli/commands/compose/watch/triggers.ts';
import { loadText } from '#compose/testing/load-text.ts';

describe('compose watch', () => {
  let directory = '';
  before(() => {
    directory = fs.mkdtempSync(path.join(os.tmpdir(), 'dhow-watch-'));
    fs.mkdirSync(`${directory}/src`);
    fs.writeFileSync(`${directory}/settings`, '');
    fs.writeFileSync(`${directory}/.dockerignore`, 'out\n');
  });
  after(() => fs.rmSync(directory, { recursive: true }));

  const triggersOf = (watch: string) =>
    readTriggers(
      loadText(`services: { app: { build: ${directory}, develop: { watch: [${watch}] } } }`),
      'app',
    );

  it('counts neither what is ignored, by the file or by the context, nor what editors leave', () => {
    const [trigger] = triggersOf(`{ action: rebuild, path: ${directory}, ignore: ['*.log'] }`);
    const counted = ['main', 'deep/main', 'x.log', 'out/x', '.git/index', 'deep/.main.swp', 'main~'];
    assert.deepEqual(
      counted.filter((name) => trigger?.includes(name)),
      ['main', 'deep/main'],
    );
    const [only] = triggersOf(`{ action: sync, target: /t, path: ${directory}, include: ['*.rb'] }`);
    assert.deepEqual([only?.includes('a.rb'), only?.includes('a.py')], [true, false]);
  });

  it('refuses what it could not do', () => {
    assert.throws(
      () => triggersOf(`{ action: sync, path: ${directory} }`),
      /watch\[0\]: "sync" needs a target/,
    );
    assert.throws(() => triggersOf(`{ action: rebuild, path: ${directory}/gone }`), /there is no .*gone/);
    assert.throws(() => triggersOf('{ action: restart }'), /needs an action and a path/);
  });

  it('gathers changes from the moment that it is asked', async () => {
    const triggers = triggersOf(
      `{ action: sync, target: /src, path: ${directory}/src }, { action: restart, path: ${directory}/settings }`,
    );
    const ended = new AbortController();
    const changes = collectChanges(triggers, ended.signal);
    fs.writeFileSync(`${directory}/src/b`, '1');
    fs.writeFileSync(`${directory}/src/a`, '1');
    fs.writeFileSync(`${directory}/settings`, '2');
    fs.writeFileSync(`${directory}/beside`, '1');
    const seen = new Map<string, Set<string>>();
    for await (const batch of changes) {
      for (const [{ action }, paths] of batch)
        seen.set(action, new Set([...(seen.get(action) ?? []), ...paths]));
      if (seen.get('sync')?.size === 2 && seen.has('restart')) break;
    }
    assert.deepEqual([...(seen.get('restart') ?? [])], ['settings']);
    ended.abort();
  });
});
