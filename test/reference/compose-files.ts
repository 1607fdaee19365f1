import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { describe, it } from 'node:test';
import { type CommandResult, outputOf, runCommand } from '../support/command.ts';
import { buildGoProgram } from '../support/go-program.ts';

/**
 * Files that use every key of the specification that Dhow has: what `config` prints of them must be what Docker Compose prints, and so
 * must the digests of services.
 */
const directory = path.join(import.meta.dirname, 'compose-files');
const dhow = path.join(import.meta.dirname, '../../bin/dhow');

/** These differ, and should. */
const explained: Readonly<Record<string, string>> = {
  'merge-keys': 'extensions (x-…) are left out',
};

/** Docker Compose prints the digest before it reads the files of variables, and labels containers with the one after it. */
const unresolved = new Set(['environment', 'extends', 'include']);

const hasGo = await outputOf('go', ['version']).then(
  () => true,
  () => false,
);
const program = hasGo
  ? await buildGoProgram('compose', 'github.com/docker/compose/v2/cmd', 'v2.40.3')
  : undefined;

describe('Compose files as Docker Compose reads them', { skip: program === undefined && 'needs go' }, () => {
  const words = (file: string, args: readonly string[]) => [
    '--profile',
    'debug',
    '-f',
    path.join(directory, file),
    'config',
    ...args,
  ];
  const options = { environment: { HOME_OF: 'home', EMPTY: '', TWO: 'two' }, timeoutMs: 60_000 };
  const both = async (file: string, ...args: string[]) => {
    const read = async (run: Promise<CommandResult>) => {
      const { code, stdout, stderr } = await run;
      assert.equal(code, 0, stderr);
      return stdout;
    };
    const own = runCommand(dhow, ['compose', ...words(file, args)], options);
    const other = runCommand(program ?? '', words(file, args), options);
    return { dhow: await read(own), docker: await read(other) };
  };
  for (const file of fs.readdirSync(directory).filter((entry) => entry.endsWith('.yaml'))) {
    const name = path.basename(file, '.yaml');
    it(name, { skip: explained[name] }, async () => {
      const printed = await both(file, '--format', 'json');
      assert.deepEqual(JSON.parse(printed.dhow), JSON.parse(printed.docker));
      if (unresolved.has(name)) return;
      const sorted = (text: string) => text.trim().split('\n').sort();
      const hashes = await both(file, '--hash', '*');
      assert.deepEqual(sorted(hashes.dhow), sorted(hashes.docker));
    });
  }
});
