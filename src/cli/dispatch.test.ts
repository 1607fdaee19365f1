import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { registry } from '#cli/registry.ts';
import { createFakeDaemon } from '#cli/testing/fake-daemon.ts';

const daemon = createFakeDaemon({});

describe('what is wrong is said as docker says it', () => {
  const cases: [line: string, code: number, stderr: string][] = [
    ['nonsense', 1, "dhow: unknown command: dhow nonsense\n\nRun 'dhow --help' for more information\n"],
    [
      'container nonsense',
      1,
      "dhow: unknown command: dhow container nonsense\n\nRun 'dhow --help' for more information\n",
    ],
    ['constructor', 1, "dhow: unknown command: dhow constructor\n\nRun 'dhow --help' for more information\n"],
    [
      'run --nonsense',
      125,
      "unknown flag: --nonsense\n\nUsage:  dhow run [OPTIONS] IMAGE [COMMAND] [ARG...]\n\nRun 'dhow run --help' for more information\n",
    ],
    [
      'container stop',
      1,
      "dhow: 'dhow container stop' requires at least 1 argument\n\nUsage:  dhow container stop [OPTIONS] CONTAINER [CONTAINER...]\n\nRun 'dhow container stop --help' for more information\n",
    ],
    [
      'rename a',
      1,
      "dhow: 'dhow rename' requires 2 arguments\n\nUsage:  dhow rename CONTAINER NEW_NAME\n\nRun 'dhow rename --help' for more information\n",
    ],
    [
      'pull --disable-content-trust=false box',
      125,
      'dhow: --disable-content-trust stays on: content trust is not supported, name the image by its digest\n',
    ],
    ['run --kernel-memory 1 box', 125, 'dhow: --kernel-memory is not supported yet\n'],
    ['-z ps', 125, "unknown shorthand flag: 'z' in -z\n\nRun 'dhow --help' for more information\n"],
  ];
  for (const [line, code, stderr] of cases) {
    test(line, async () => assert.deepEqual(await daemon.run(line.split(' ')), { code, stdout: '', stderr }));
  }
});

test('every command loads, and its help fits a terminal', async () => {
  for (const { names, summary } of registry) {
    for (const name of names) {
      const { code, stdout } = await daemon.run([...name.split(' '), '--help']);
      assert.equal(code, 0, name);
      assert.match(stdout, new RegExp(`^Usage:  dhow ${name}`), name);
      assert.ok(stdout.includes(summary), name);
      for (const line of stdout.split('\n').slice(4)) assert.ok(line.length <= 100, `${name}: ${line}`);
    }
  }
});

test('every name leads to one command', () => {
  const names = registry.flatMap((entry) => entry.names);
  assert.equal(new Set(names).size, names.length);
});

test('overviews', async () => {
  const all = await daemon.run([]);
  assert.match(all.stdout, /^Common commands:\n {2}run +Create and run a new container/m);
  for (const entry of registry) {
    const name = entry.names.find((candidate) => !candidate.includes(' '));
    if (name !== undefined) assert.match(all.stdout, new RegExp(`^  ${name} `, 'm'));
  }
  for (const help of [all, await daemon.run(['compose', '--help'])]) {
    assert.deepEqual(
      help.stdout.split('\n').filter((line) => line.length > 80),
      [],
    );
  }
  assert.equal((await daemon.run(['--help'])).stdout, all.stdout);
  const group = await daemon.run(['container']);
  assert.match(group.stdout, /^Usage: {2}dhow container COMMAND\n(.*\n)*? {2}run +Create and run/);
  assert.equal((await daemon.run(['help', 'run'])).stdout, (await daemon.run(['run', '--help'])).stdout);
  assert.match((await daemon.run(['--version'])).stdout, /^Dhow version \d/);
});
