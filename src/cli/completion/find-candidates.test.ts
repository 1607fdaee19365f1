import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Candidates, findCandidates } from '#cli/completion/find-candidates.ts';
import { globalOptions } from '#cli/global-options.ts';
import { groups, registry } from '#cli/registry.ts';

const find = (...words: string[]): Promise<Candidates> =>
  findCandidates({ registry, groups, globalOptions }, words);
const wordsOf = ({ words }: Candidates): string[] => words.map(({ word }) => word);

test('commands and groups first', async () => {
  const words = wordsOf(await find(''));
  for (const word of ['run', 'ps', 'container', 'image']) assert.ok(words.includes(word), word);
  assert.ok(!words.includes('__complete'));
  assert.ok(wordsOf(await find('container', '')).includes('ls'));
  assert.ok(wordsOf(await find('--host', 'unix:///x', 'image', '')).includes('rm'));
});

test('options where a word begins with a dash', async () => {
  assert.ok(wordsOf(await find('--')).includes('--host'));
  assert.ok(wordsOf(await find('run', '--rm', '--')).includes('--volume'));
  assert.deepEqual(wordsOf(await find('run', 'busybox', 'ls', '-')), [], 'they belong to the program');
});

test('names of the things that the usage asks for', async () => {
  assert.deepEqual((await find('rm', '')).objects, ['container']);
  assert.deepEqual((await find('stop', 'one', '')).objects, ['running-container']);
  assert.deepEqual((await find('run', '-it', '--name', 'x', '')).objects, ['image']);
  assert.deepEqual((await find('run', '--network', '')).objects, ['network']);
  assert.deepEqual((await find('volume', 'rm', '')).objects, ['volume']);
  assert.deepEqual((await find('image', 'rm', '')).objects, ['image']);
});

test('paths where they are possible', async () => {
  assert.equal((await find('cp', '')).files, true);
  assert.equal((await find('run', '--env-file', '')).files, true);
  assert.equal((await find('rm', '')).files, false);
});

test('the verbs of compose, their options, and services', async () => {
  assert.ok(wordsOf(await find('compose', '')).includes('up'));
  assert.ok(wordsOf(await find('compose', '-f', 'x.yaml', '')).includes('down'));
  assert.ok(wordsOf(await find('compose', '--')).includes('--project-name'));
  assert.ok(wordsOf(await find('compose', 'up', '--')).includes('--detach'));
  assert.deepEqual((await find('compose', 'logs', 'web', '')).objects, ['service']);
  assert.deepEqual((await find('compose', 'exec', 'web', '')).objects, []);
});
