import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import { command } from '../../src/cli/commands/compose/compose.ts';
import type { OptionTable } from '../../src/cli/options.ts';
import { outputOf } from '../support/command.ts';
import { buildGoProgram } from '../support/go-program.ts';

/*
 * The help of Docker Compose is the list of what its users may write: every command and option of it is one of dhow compose's, with the same
 * short name, and takes a value or none as there.
 */

/** See docs/limits.md. */
const absentCommands = ['bridge', 'publish'];
const absentOptions = ['config --models'];

/** Options by `--name`, as `-s with a value` or `- alone`. */
type Options = ReadonlyMap<string, string>;

const hasGo = await outputOf('go', ['version']).then(
  () => true,
  () => false,
);

describe("Docker Compose's command line, as its help tells it", { skip: !hasGo && 'needs go' }, () => {
  let theirs: ReadonlyMap<string, Options>;
  let verbs: readonly string[] = [];
  before(async () => {
    const program = await buildGoProgram('compose', 'github.com/docker/compose/v2/cmd', 'v2.40.3');
    const root = await outputOf(program, ['--help']);
    const lists = root.matchAll(/^[\w ]*Commands:\n((?: {2}\S.*\n)+)/gm);
    verbs = [...lists].flatMap(([, list = '']) =>
      [...list.matchAll(/^ {2}([\w-]+)/gm)].map(([, name = '']) => name),
    );
    const entries = verbs.map(
      async (verb) => [verb, readOptions(await outputOf(program, [verb, '--help']))] as const,
    );
    theirs = new Map([['', readOptions(root)], ...(await Promise.all(entries))]);
  });

  const tableOf = async (verb: string): Promise<OptionTable | undefined> => {
    if (verb === '') return command.options;
    const entry = command.verbs?.entries.find(({ names }) => names.includes(verb));
    return (await entry?.load())?.command.options;
  };

  it('has no command that dhow compose has not', async () => {
    assert.ok(verbs.length > 30, `${verbs.length} commands were read`);
    const absent: string[] = [];
    for (const verb of verbs) if ((await tableOf(verb)) === undefined) absent.push(verb);
    assert.deepEqual(absent, absentCommands);
  });

  it('has no option that dhow compose has not, or has otherwise', async () => {
    const differences: string[] = [];
    const refused: string[] = [];
    for (const [verb, options] of theirs) {
      const table = await tableOf(verb);
      if (table === undefined) continue;
      for (const [name, expected] of options) {
        const [, option] =
          Object.entries(table).find(
            ([key, { hiddenNames }]) => key === name || hiddenNames?.includes(name),
          ) ?? [];
        const found = option && describeOption(option.short, option.valueName);
        if (option?.help === '') refused.push(`${verb} --${name}`);
        else if (found !== expected) differences.push(`${verb} --${name}: ${expected}, in dhow ${found}`);
      }
    }
    assert.deepEqual(differences, []);
    assert.deepEqual(refused, absentOptions);
  });
});

function readOptions(help: string): Options {
  const found = help.matchAll(/^ {2,6}(?:-(\w), )? *--([\w-]+)(?: (\S+))?(?: {2,}|$)/gm);
  return new Map([...found].map(([, short, name = '', value = '']) => [name, describeOption(short, value)]));
}

function describeOption(short: string | undefined, value: string): string {
  return `-${short ?? ''} ${value === '' ? 'alone' : 'with a value'}`;
}
