import assert from 'node:assert/strict';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { tarHeader, tarPadding, tarTrailer } from '#archive/write-tar.ts';
import { receiveContext } from '#build/context/receive-context.ts';
import { readyCopy } from '#build/execute/copy.ts';
import { readyRun } from '#build/execute/run.ts';
import type { BuildSession } from '#build/execute/session.ts';
import type { StepInputs } from '#build/execute/step-inputs.ts';
import type { BuildRequest } from '#build/request.ts';
import { inPieces } from '#build/testing/context-fixture.ts';
import { planText } from '#build/testing/plan-fixture.ts';

interface TestFile {
  text?: string;
  mode?: number;
  uid?: number;
  seconds?: number;
  link?: string;
}

const files: Record<string, TestFile> = {
  'a/': { mode: 0o755 },
  'a/one': { text: '1' },
  'a/two.md': { text: '2' },
  'a/link': { link: 'one' },
  other: { text: 'o' },
};

function archive(given: Record<string, TestFile>): Buffer {
  const entries = Object.entries(given).map(
    ([name, { text = '', mode = 0o644, uid = 0, seconds = 0, link }]) => {
      const type = link !== undefined ? 'symlink' : name.endsWith('/') ? 'directory' : 'file';
      const modifiedAt = { seconds, nanoseconds: 0 };
      const bytes = Buffer.from(text);
      const header = {
        type,
        name,
        mode,
        uid,
        modifiedAt,
        linkName: link ?? '',
        sizeBytes: bytes.length,
      } as const;
      return Buffer.concat([tarHeader(header), bytes, tarPadding(bytes.length)]);
    },
  );
  return Buffer.concat([...entries, tarTrailer()]);
}

describe('keys of steps', () => {
  let directory: string;
  before(() => {
    directory = fs.mkdtempSync(path.join(os.tmpdir(), 'dhow-keys-'));
  });
  after(() => fs.rmSync(directory, { recursive: true }));

  /** The key by which the first step of a Dockerfile is found, and that of the last one. */
  async function keyOf(
    instruction: string,
    context: Record<string, TestFile> = files,
    options: Partial<BuildRequest> & { buildArgs?: ReadonlyMap<string, string> } = {},
  ): Promise<string> {
    const signal = new AbortController().signal;
    const buildArgs = Object.fromEntries(options.buildArgs ?? []);
    const planned = await planText(`FROM base\n${instruction}\n`, { buildArgs });
    const step = planned.target.steps.at(-1);
    await using received = await receiveContext(inPieces(archive(context)), directory, signal);
    const request: Partial<BuildRequest> = { network: 'default', ...options };
    const session: Partial<BuildSession> = {
      ...{ request: request as BuildRequest, signal },
      contextTree: () => received.tree,
    };
    const inputs: StepInputs = {
      ...{ session: session as BuildSession, platform: { os: 'linux', architecture: 'amd64' }, chain: [] },
      ...{ chainOf: async () => [], onOutput: () => {} },
    };
    const ready =
      step?.kind === 'copy'
        ? await readyCopy(step, inputs)
        : step?.kind === 'run'
          ? readyRun(step, inputs)
          : assert.fail('no step that works on files');
    return (await ready.keys.at(-1)?.()) ?? '';
  }

  const copies: [instruction: string, what: string, context: Record<string, TestFile>, isSame: boolean][] = [
    ['COPY a /x', 'times', { ...files, 'a/one': { text: '1', seconds: 99 } }, true],
    ['COPY a /x', 'owners of the archive', { ...files, 'a/one': { text: '1', uid: 7 } }, true],
    ['COPY a /x', 'a file that is not copied', { ...files, other: { text: 'O' } }, true],
    ['COPY a/one /x', 'a file beside', { ...files, 'a/two.md': { text: 'x' } }, true],
    ['COPY --exclude=*.md a /x', 'what is excluded', { ...files, 'a/two.md': { text: 'x' } }, true],
    ['COPY a/* /x/', 'what a pattern does not match', { ...files, other2: { text: 'x' } }, true],
    ['COPY a /x', 'content', { ...files, 'a/one': { text: 'I' } }, false],
    ['COPY a /x', 'the mode of a file', { ...files, 'a/one': { text: '1', mode: 0o600 } }, false],
    ['COPY a /x', 'the mode of the directory', { ...files, 'a/': { mode: 0o700 } }, false],
    ['COPY a /x', 'a target of a link', { ...files, 'a/link': { link: 'two.md' } }, false],
    ['COPY a /x', 'one more file', { ...files, 'a/three': { text: '3' } }, false],
    ['COPY a/* /x/', 'what a pattern matches', { ...files, 'a/three': { text: '3' } }, false],
    ['COPY --parents a/one /x', 'the mode of a parent', { ...files, 'a/': { mode: 0o700 } }, false],
    [
      'RUN --mount=source=a,target=/m x',
      'times of what is mounted',
      { ...files, 'a/one': { text: '1', seconds: 9 } },
      true,
    ],
    ['RUN --mount=source=a,target=/m x', 'a file beside', { ...files, other: { text: 'O' } }, true],
    ['RUN --mount=source=a,target=/m x', 'what is mounted', { ...files, 'a/one': { text: 'I' } }, false],
    ['RUN x', 'the context', { ...files, 'a/one': { text: 'I' } }, true],
  ];
  for (const [instruction, what, context, isSame] of copies) {
    it(`${instruction} is ${isSame ? 'the same' : 'another one'} with ${what} changed`, async () => {
      assert.equal((await keyOf(instruction)) === (await keyOf(instruction, context)), isSame);
    });
  }

  const pairs: [one: string, other: string, isSame: boolean][] = [
    ['COPY a /x', 'COPY ./a/ /x', true],
    ['COPY --chmod=644 a /x', 'COPY --chmod=600 a /x', false],
    ['COPY --chown=1 a /x', 'COPY --chown=2 a /x', false],
    ['COPY a /x', 'COPY a /y', false],
    ['COPY a /x', 'COPY a /x/', false],
    ['COPY a/one /x', 'COPY --link a/one /x', false],
    ['COPY a /x', 'ADD a /x', false],
    // The name counts where the destination is a directory.
    ['COPY <<EOF /x\na\nEOF', 'COPY <<END /x\na\nEND', false],
    ['COPY <<EOF /x\na\nEOF', 'COPY <<EOF /x\nb\nEOF', false],
    ['RUN x', 'RUN y', false],
    ['RUN x', 'ENV a=1\nRUN x', false],
    ['RUN x', 'ARG a=1\nRUN x', false],
    ['RUN x', 'ARG a\nRUN x', true],
    ['RUN x', 'LABEL a=1\nRUN x', true],
    ['RUN x', 'USER 1\nRUN x', false],
    ['RUN x', 'WORKDIR /w\nRUN x', false],
    ['RUN x', 'SHELL ["/bin/bash", "-c"]\nRUN x', false],
    ['RUN x', 'RUN --network=none x', false],
    ['RUN x', 'RUN --mount=type=tmpfs,target=/t x', false],
    ['RUN --mount=type=cache,target=/c x', 'RUN --mount=type=cache,target=/c,id=d x', false],
    ['RUN ["x"]', 'RUN ["x", ""]', false],
  ];
  for (const [one, other, isSame] of pairs) {
    it(`${JSON.stringify(one)} is ${isSame ? 'the same as' : 'another than'} ${JSON.stringify(other)}`, async () => {
      assert.equal((await keyOf(one)) === (await keyOf(other)), isSame);
    });
  }

  it('proxies and secrets make no difference; arguments and the epoch do', async () => {
    const withArgs = (entries: Record<string, string>) => ({ buildArgs: new Map(Object.entries(entries)) });
    const plain = await keyOf('ARG a\nRUN x');
    assert.equal(await keyOf('ARG a\nRUN x', files, withArgs({ http_proxy: 'p', b: '1' })), plain);
    assert.notEqual(await keyOf('ARG a\nRUN x', files, withArgs({ a: '1' })), plain);
    assert.notEqual(await keyOf('ARG a\nRUN x', files, { sourceDateEpoch: 1 }), plain);
    assert.notEqual(await keyOf('ARG a\nRUN x', files, { network: 'none' }), plain);
  });
});
