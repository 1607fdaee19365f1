import assert from 'node:assert/strict';
import { PassThrough } from 'node:stream';
import { text } from 'node:stream/consumers';
import { suite, test } from 'node:test';
import { showProgress } from '#cli/output/progress.ts';
import type { ProgressMessage } from '#wire/progress.ts';

const pull: ProgressMessage[] = [
  { status: 'Pulling from library/busybox', id: 'latest' },
  { status: 'Pulling fs layer', progressDetail: {}, id: 'aaaaaaaaaaaa' },
  { status: 'Pulling fs layer', progressDetail: {}, id: 'bbbbbbbbbbbb' },
  { status: 'Downloading', progressDetail: { current: 500_000, total: 1_000_000 }, id: 'aaaaaaaaaaaa' },
  { status: 'Extracting', progressDetail: { current: 4, units: 's' }, id: 'bbbbbbbbbbbb' },
  { status: 'Pull complete', progressDetail: {}, id: 'bbbbbbbbbbbb' },
  { status: 'Pull complete', progressDetail: {}, id: 'aaaaaaaaaaaa' },
  { status: 'Digest: sha256:1234' },
];

async function* each(messages: readonly ProgressMessage[]): AsyncGenerator<ProgressMessage> {
  yield* messages;
}

function written(output: PassThrough): Promise<string> {
  output.end();
  return text(output);
}

function terminal(columns: number, rows: number) {
  return Object.assign(new PassThrough(), { isTTY: true, columns, rows });
}

/** What a terminal shows after the text: enough of its language for what the renderer writes. */
function screenOf(output: string): string[] {
  const lines: string[] = [''];
  let row = 0;
  for (const part of output.replaceAll('\x1b', '␛').match(/␛\[\d*[A-Z]|[\n\r]|[^␛\n\r]+/g) ?? []) {
    const up = /^␛\[(\d+)A$/.exec(part);
    if (up !== null) row -= Number(up[1]);
    else if (part === '␛[J') lines.length = row + 1;
    else if (part === '\n') row++;
    else if (part !== '␛[K' && part !== '\r') lines[row] = part;
    lines[row] ??= '';
    assert.ok(row >= 0, 'the cursor left the top');
  }
  return lines;
}

suite('progress', () => {
  test('piped, prints what has no measure, one a line', async () => {
    const output = new PassThrough();
    await showProgress(each(pull), output);
    assert.equal(
      await written(output),
      [
        'latest: Pulling from library/busybox',
        'aaaaaaaaaaaa: Pulling fs layer',
        'bbbbbbbbbbbb: Pulling fs layer',
        'bbbbbbbbbbbb: Pull complete',
        'aaaaaaaaaaaa: Pull complete',
        'Digest: sha256:1234',
        '',
      ].join('\n'),
    );
  });

  test('on a terminal, leaves the final state of every layer in the order in which they came', async () => {
    const output = terminal(80, 24);
    await showProgress(each(pull), output);
    assert.deepEqual(screenOf(await written(output)), [
      'latest: Pulling from library/busybox',
      'aaaaaaaaaaaa: Pull complete',
      'bbbbbbbbbbbb: Pull complete',
      'Digest: sha256:1234',
      '',
    ]);
  });

  const bars: [columns: number, line: string][] = [
    [200, `aaaaaaaaaaaa: Downloading [${'='.repeat(25)}>${' '.repeat(25)}]    500kB/1MB`],
    [60, `aaaaaaaaaaaa: Downloading [${'='.repeat(9)}>${' '.repeat(9)}]    500kB/1MB`],
    [40, 'aaaaaaaaaaaa: Downloading    500kB/1MB'],
    [20, 'aaaaaaaaaaaa: Downlo'],
  ];
  for (const [columns, line] of bars) {
    test(`on a terminal of ${columns} columns, no line is longer`, async () => {
      const output = terminal(columns, 24);
      await showProgress(each(pull.slice(3, 4)), output);
      assert.deepEqual(screenOf(await written(output)), [line, '']);
    });
  }

  test('with more layers than rows, all of them stand there in the end', async () => {
    const output = terminal(80, 5);
    const layers = Array.from({ length: 12 }, (_, i): ProgressMessage => {
      return { id: `layer${i}`, status: 'Pull complete', progressDetail: {} };
    });
    await showProgress(each(layers), output);
    const shown = screenOf(await written(output));
    assert.deepEqual(shown, layers.map(({ id }) => `${id}: Pull complete`).concat(''));
  });

  test('throws the error of the stream and leaves what was shown', async () => {
    const output = terminal(80, 24);
    const failing = each([
      ...pull.slice(0, 3),
      { error: 'no such image', errorDetail: { message: 'no such image' } },
    ]);
    await assert.rejects(showProgress(failing, output), { name: 'Internal', message: 'no such image' });
    assert.equal(screenOf(await written(output)).length, 4);
  });

  test('hands values for programs to the caller', async () => {
    const seen: unknown[] = [];
    await showProgress(each([{ aux: { ID: 'sha256:1' } }]), new PassThrough(), (aux) => seen.push(aux));
    assert.deepEqual(seen, [{ ID: 'sha256:1' }]);
  });
});
