import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { outputPattern, readBlocks } from './read-blocks.ts';

describe('commands of a page', () => {
  it('are read with their outputs', () => {
    const page =
      '# Page\n\n```sh\necho a\necho b\n```\n\n```text\na\nb\n```\n\n```yaml\na: b\n```\n\n```sh\ntrue\n```\n';
    assert.deepEqual(readBlocks(page), [
      { line: 4, commands: 'echo a\necho b\n', output: 'a\nb\n' },
      { line: 18, commands: 'true\n', output: undefined },
    ]);
  });

  it('come before their output', () => {
    assert.throws(() => readBlocks('```text\na\n```\n'), /line 2/);
    assert.throws(() => readBlocks('```sh\na\n```\n```text\na\n```\n```text\nb\n```\n'), /line 8/);
  });

  it('print what is shown, and nothing else', () => {
    const pattern = outputPattern('one (1)\nid …!\n…\nend\n');
    assert.match('one (1)\nid 7f!\nend\n', pattern);
    assert.match('one (1)\nid !\nx\ny\nend\n', pattern);
    for (const other of [
      '',
      'one 1\nid !\nend\n',
      'one (1)\nid 7f!\nend\nmore\n',
      'one (1)\nid 7f\nend\n',
      'one (1)\nid a\nb!\nend\n',
    ]) {
      assert.doesNotMatch(other, pattern);
    }
  });
});
