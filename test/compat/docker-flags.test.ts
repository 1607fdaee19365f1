import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import type { Command } from '../../src/cli/command.ts';
import { type CommandEntry, registry } from '../../src/cli/registry.ts';
import { dhowProgram } from '../support/cli.ts';
import { outputOf, runCommand } from '../support/command.ts';

/*
 * The help of the real docker CLI is the list of what its users may write: every command, alias and option of it is one of dhow's, takes a
 * value or none as there, and is refused alike when it is used wrongly.
 */

/** Groups of Docker that are no part of Dhow, and those that plugins of docker's CLI serve. */
const foreign = new Set(
  'swarm service node secret config stack plugin trust checkpoint buildx compose'.split(' '),
);
/** Docker's first builder, as `docker build` without buildx shows its options; nothing may be asked of a daemon. */
const environment = { DOCKER_BUILDKIT: '0', DOCKER_HOST: 'unix:///nowhere', DHOW_HOST: 'unix:///nowhere' };

/** Commands of cluster volumes; see docs/limits.md. */
const absentCommands = ['volume update'];

/** Options that dhow knows and does not show, as it refuses them or, for content trust, what they turn on; see docs/limits.md. */
const hidden: Readonly<Record<string, string>> = {
  'container create':
    'cpu-count cpu-percent disable-content-trust io-maxbandwidth io-maxiops isolation kernel-memory use-api-socket',
  'container run':
    'cpu-count cpu-percent disable-content-trust io-maxbandwidth io-maxiops isolation kernel-memory use-api-socket',
  'container start': 'checkpoint checkpoint-dir',
  'image build': 'compress disable-content-trust force-rm isolation rm security-opt squash',
  'image pull': 'disable-content-trust',
  'image push': 'disable-content-trust',
  'network create': 'ingress',
  'volume create':
    'availability group limit-bytes required-bytes scope secret sharing topology-preferred topology-required type',
  'volume ls': 'cluster',
};

/** Docker's `import` drops operands that are too many, and its `context use` forgets to say of which command it speaks. */
const laxInDocker = new Set(['image import', 'context use']);

interface DockerCommand {
  readonly name: string;
  readonly aliases: readonly string[];
  /** By name, as `describeOption` says them. */
  readonly options: ReadonlyMap<string, string>;
}

async function readCommands(words: readonly string[] = []): Promise<DockerCommand[]> {
  const help = await outputOf('docker', [...words, '--help'], { environment });
  const groups = [...help.matchAll(/^[\w ]*Commands:\n((?: {2}\S.*\n)+)/gm)];
  if (groups.length === 0) return [readCommand(words.join(' '), help)];
  const names = groups.flatMap(([, list = '']) =>
    [...list.matchAll(/^ {2}([\w-]+)/gm)].map(([, name = '']) => name),
  );
  const known = names.filter((name) => words.length > 0 || !foreign.has(name));
  return (await Promise.all(known.map((name) => readCommands([...words, name])))).flat();
}

function readCommand(name: string, help: string): DockerCommand {
  const options = help.matchAll(/^ {2}(?:-(\w), | {4})--([\w-]+)(?: (\S+))?(?: {2,}|$)/gm);
  return {
    name,
    aliases: [...(/^Aliases:\n +(.*)$/m.exec(help)?.[1] ?? '').matchAll(/docker ([\w -]+)/g)].map(
      ([, alias = '']) => alias,
    ),
    options: new Map(
      [...options].map(([, short, option = '', value = '']) => [option, describeOption(short, value)]),
    ),
  };
}

/** @param value its name in the help; empty for a flag */
function describeOption(short: string | undefined, value: string): string {
  return `-${short ?? ''} ${value === '' ? 'alone' : 'with a value'}`;
}

describe("docker's command line, as its help tells it", () => {
  let theirs: DockerCommand[];
  before(async () => {
    theirs = await readCommands();
  });

  const entryOf = (name: string): CommandEntry | undefined =>
    registry.find(({ names }) => names.includes(name));
  const present = (): [docker: DockerCommand, entry: CommandEntry][] =>
    theirs.flatMap((docker) => {
      const entry = entryOf(docker.name);
      return entry ? [[docker, entry] as [DockerCommand, CommandEntry]] : [];
    });

  it('has no command and no alias that dhow has not', () => {
    assert.ok(theirs.length > 100, `${theirs.length} commands were read`);
    const names = theirs.flatMap(({ name, aliases }) => [name, ...aliases]);
    assert.deepEqual([...new Set(names.filter((name) => entryOf(name) === undefined))], absentCommands);
  });

  it('has no option that dhow has not, or has otherwise', async () => {
    const differences: string[] = [];
    const hiddenByUs = new Set<string>();
    for (const [docker, entry] of present()) {
      const { command } = await entry.load();
      for (const [name, expected] of docker.options) {
        const option = command.options[name];
        const found = option && describeOption(option.short, option.valueName);
        // Every command has this one.
        if (name === 'help') continue;
        if (option?.help === '') {
          hiddenByUs.add(`${entry.names[0]} --${name}`);
        } else if (found !== expected)
          differences.push(`${docker.name} --${name}: ${expected}, in dhow ${found}`);
      }
    }
    assert.deepEqual(differences, []);
    const known = Object.entries(hidden).flatMap(([command, options]) =>
      options.split(' ').map((option) => `${command} --${option}`),
    );
    assert.deepEqual([...hiddenByUs].sort(), known.sort());
  });

  it('is refused in the same words and with the same codes when it is wrong', async () => {
    const differences: string[] = [];
    for (const [{ name }, entry] of present()) {
      // Its aliases are the same command.
      if (name !== entry.names[0]) continue;
      const { operands } = (await entry.load()).command;
      for (const rest of wrongOperands(operands)) {
        const words = [...name.split(' '), ...rest];
        const [docker, dhow] = await Promise.all([refusalOf('docker', words), refusalOf(dhowProgram, words)]);
        if (docker !== dhow && !laxInDocker.has(entry.names[0] ?? ''))
          differences.push(`${words.join(' ')}: ${docker}, by dhow: ${dhow}`);
      }
    }
    assert.deepEqual(differences, []);
  });
});

function wrongOperands({ min = 0, max }: Command['operands']): string[][] {
  return [
    ['--no-such-option'],
    ...(min > 0 ? [[]] : []),
    ...(max === undefined ? [] : [Array.from({ length: max + 1 }, () => 'x')]),
  ];
}

/** The exit code and the first line, without the program's name. */
async function refusalOf(program: string, words: readonly string[]): Promise<string> {
  const { code, stderr } = await runCommand(program, words, { environment });
  const message = stderr.replace(/^DEPRECATED: The legacy builder[\s\S]*?\n\n/, '');
  return `${code} ${message.split('\n')[0]?.replace(/\b(docker|dhow)\b/g, 'PROGRAM')}`;
}
