import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { flag, integer, list, type OptionTable, parsed, text, unsupported } from '#cli/options.ts';
import { parseOptions } from '#cli/parse-options.ts';
import { UsageError } from '#cli/usage-error.ts';
import { DhowError, isDhowError } from '#errors/error.ts';

const table: OptionTable = {
  interactive: flag({ short: 'i', help: '' }),
  tty: flag({ short: 't', help: '' }),
  detach: flag({ short: 'd', help: '' }),
  proxy: flag({ help: '' }, true),
  env: list({ short: 'e', help: '' }),
  name: text({ help: '' }),
  network: text({ help: '', hiddenNames: ['net'] }),
  timeout: integer({ short: 's', help: '' }),
  size: parsed({ short: 'm', help: '' }, 'bytes', (value) => {
    if (value !== '1g') throw new DhowError('InvalidParameter', `invalid size: '${value}'`);
    return 1 << 30;
  }),
  sbom: { valueName: 'kind', implied: 'all', help: '', initial: undefined, parse: (value) => value },
  gpus: unsupported('value'),
};

describe('what is understood', () => {
  const cases: [words: string, options: Record<string, unknown>, operands: string[]][] = [
    ['-itd image', { interactive: true, tty: true, detach: true }, ['image']],
    ['-it=false image', { interactive: true, tty: false }, ['image']],
    ['--interactive --tty=0 image', { interactive: true, tty: false }, ['image']],
    ['--proxy=false image', { proxy: false }, ['image']],
    ['-e A=1 -eB=2 -e=C=3 --env D=4 --env=E=5,6 x', { env: ['A=1', 'B=2', 'C=3', 'D=4', 'E=5,6'] }, ['x']],
    ['-itde A=b x', { interactive: true, tty: true, detach: true, env: ['A=b'] }, ['x']],
    ['--name= x', { name: '' }, ['x']],
    ['--name --tty x', { name: '--tty' }, ['x']],
    ['--net host x', { network: 'host' }, ['x']],
    ['-s -1 x', { timeout: -1 }, ['x']],
    ['-m1g x', { size: 1 << 30 }, ['x']],
    ['--sbom x', { sbom: 'all' }, ['x']],
    ['--sbom=some x', { sbom: 'some' }, ['x']],
    ['- x', {}, ['-', 'x']],
    ['-t -- -i -- x', { tty: true }, ['-i', '--', 'x']],
    ['--name a --name b', { name: 'b' }, []],
    ['-e= x', { env: ['='] }, ['x']],
  ];
  for (const [words, expected, operands] of cases) {
    test(words, () => {
      const line = parseOptions(table, words.split(' '), { interspersed: true });
      const options = Object.fromEntries([...line.given].map((name) => [name, line.options[name]]));
      assert.deepEqual(options, expected);
      assert.deepEqual(line.operands, operands);
    });
  }
});

test('operands end the options of run and exec', () => {
  const words = ['-i', 'image', 'ls', '-t', '--', '--name', 'x'];
  const line = parseOptions(table, words, { interspersed: false });
  assert.deepEqual([...line.given], ['interactive']);
  assert.deepEqual(line.operands, words.slice(1));
});

test('absent options have their initial values', () => {
  const { options } = parseOptions(table, [], { interspersed: true });
  assert.deepEqual(
    [options['tty'], options['proxy'], options['env'], options['name']],
    [false, true, [], undefined],
  );
});

test('help wins over what follows it', () => {
  for (const words of [['--help', '--nonsense'], ['-h', '--nonsense'], ['-ih'], ['x', '--help']]) {
    assert.equal(parseOptions(table, words, { interspersed: true }).help, true, words.join(' '));
  }
  const withHostname = { ...table, hostname: text({ short: 'h', help: '' }) };
  const line = parseOptions(withHostname, ['-h', 'web'], { interspersed: true });
  assert.deepEqual([line.help, line.options['hostname']], [false, 'web']);
});

describe('what is refused, in the words of docker', () => {
  const cases: [words: string[], message: string][] = [
    [['--foo'], 'unknown flag: --foo'],
    [['--foo=1'], 'unknown flag: --foo'],
    [['-itz', 'x'], "unknown shorthand flag: 'z' in -z"],
    [['-zit'], "unknown shorthand flag: 'z' in -zit"],
    [['--name'], 'flag needs an argument: --name'],
    [['-ie'], "flag needs an argument: 'e' in -e"],
    [['--=x'], 'bad flag syntax: --=x'],
    [['---x'], 'bad flag syntax: ---x'],
    [['-m', 'abc'], `invalid argument "abc" for "-m, --size" flag: invalid size: 'abc'`],
    [['-i=foo'], 'invalid argument "foo" for "-i, --interactive" flag: "foo" is neither true nor false'],
    [['-s', '1.5'], 'invalid argument "1.5" for "-s, --timeout" flag: "1.5" is not a whole number'],
    [['--constructor'], 'unknown flag: --constructor'],
  ];
  for (const [words, message] of cases) {
    test(words.join(' '), () => {
      assert.throws(
        () => parseOptions(table, words, { interspersed: true }),
        (error) => error instanceof UsageError && error.exitCode === 125 && error.message === message,
      );
    });
  }

  test('an option that is known and not done', () => {
    assert.throws(
      () => parseOptions(table, ['--gpus', 'all'], { interspersed: true }),
      (error) =>
        isDhowError(error) && error.kind === 'Unsupported' && error.message === '--gpus is not supported yet',
    );
  });
});
