import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createClassicEncoder } from '#api/encode/build-classic.ts';
import type { BuildEvent } from '#engine/builds.ts';

const at = new Date(0);
const plan: BuildEvent = {
  type: 'plan',
  steps: [
    { id: 1, stage: 'a', position: 1, count: 2, title: 'FROM x' },
    { id: 2, stage: 'a', position: 2, count: 2, title: 'RUN one' },
    { id: 3, stage: 'b', position: 1, count: 2, title: 'FROM y' },
    { id: 4, stage: 'b', position: 2, count: 2, title: 'RUN two' },
  ],
};
const started = (step: number): BuildEvent => ({ type: 'started', step, at });
const done = (step: number, cached = false): BuildEvent => ({ type: 'done', step, at, cached });
const log = (step: number, text: string | Uint8Array): BuildEvent => ({
  type: 'log',
  step,
  stream: 'stdout',
  bytes: Buffer.from(text),
});

function textOf(events: BuildEvent[]): string {
  const encode = createClassicEncoder();
  return events
    .flatMap(encode)
    .map(({ stream }) => stream ?? '')
    .join('');
}

test('classic stream › steps that run side by side come one after the other, in the order of the plan', () => {
  const text = textOf([
    plan,
    started(1),
    done(1, true),
    started(3),
    done(3, true),
    started(4),
    log(4, 'early\n'),
    started(2),
    log(2, 'first\n'),
    log(4, 'more\n'),
    done(4),
    log(2, 'second\n'),
    done(2),
  ]);
  assert.equal(
    text,
    'Step 1/4 : FROM x\nStep 2/4 : RUN one\nfirst\nsecond\nStep 3/4 : FROM y\nStep 4/4 : RUN two\nearly\nmore\n',
  );
});

test('classic stream › says what was found in the cache', () => {
  assert.equal(
    textOf([plan, started(1), done(1, true), started(2), done(2, true)]),
    'Step 1/4 : FROM x\nStep 2/4 : RUN one\n ---> Using cache\n',
  );
});

test('classic stream › a step that fails out of its turn says what it had to say', () => {
  const text = textOf([
    plan,
    started(1),
    done(1, true),
    started(2),
    started(4),
    log(4, 'why\n'),
    { type: 'failed', step: 4, at, message: 'it failed', exitCode: 3 },
    { type: 'cancelled', step: 2, at },
  ]);
  assert.equal(text, 'Step 1/4 : FROM x\nStep 2/4 : RUN one\nStep 4/4 : RUN two\nwhy\n');
});

test('classic stream › a character may come in two parts', () => {
  const bytes = Buffer.from('ü\n');
  assert.match(textOf([plan, started(1), log(1, bytes.subarray(0, 1)), log(1, bytes.subarray(1))]), /ü\n/);
});

test('classic stream › ends with the id in both of its forms, and the names', () => {
  const id = `sha256:${'ab'.repeat(32)}` as (BuildEvent & { type: 'image' })['id'];
  assert.deepEqual(createClassicEncoder()({ type: 'image', id, tags: ['x:latest'], images: [] }), [
    { aux: { ID: id } },
    { stream: 'Successfully built abababababab\n' },
    { stream: 'Successfully tagged x:latest\n' },
  ]);
});
