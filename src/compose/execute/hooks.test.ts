import assert from 'node:assert/strict';
import { Duplex, Readable } from 'node:stream';
import { describe, it } from 'node:test';
import type { Client } from '#client/client.ts';
import { restartWithHooks, startWithHooks, stopWithHooks } from '#compose/execute/hooks.ts';
import { encodeFrame } from '#wire/raw-stream.ts';

const live = new AbortController().signal;
const hooks = { post_start: [{ command: ['after'] }], pre_stop: [{ command: ['before'] }] };

/** A container whose commands print `oops` and end with the code; what is asked of it, commands by their words. */
function fakeContainer(state: { Running: boolean; Paused: boolean }, code = 0) {
  const asked: string[] = [];
  const client: Client = {
    address: 'fake',
    async request({ method, path, body }) {
      const isNew = path === '/containers/c/exec';
      const json = body !== undefined && 'json' in body ? (body.json as { Cmd?: string[] }) : {};
      if (isNew) asked.push((json.Cmd ?? []).join(' '));
      else if (method === 'POST') asked.push(path.split('/').at(-1) ?? '');
      const answer = isNew ? { Id: 'e' } : path === '/exec/e/json' ? { ExitCode: code } : { State: state };
      return { status: 200, headers: {}, body: Readable.from([Buffer.from(JSON.stringify(answer))]) };
    },
    async upgrade() {
      const stream = Duplex.from(Readable.from([encodeFrame('stderr', Buffer.from('oops\n'))]));
      return { headers: {}, stream };
    },
    connect: () => Promise.reject(new Error('nothing here connects')),
    close() {},
  };
  return { client, asked };
}

const running = { Running: true, Paused: false };
const container = { id: 'c', hooks, timeoutSeconds: undefined };

describe('hooks', () => {
  it('run after the start, and before the stop', async () => {
    const { client, asked } = fakeContainer(running);
    await startWithHooks(client, container, live);
    await stopWithHooks(client, container, live);
    await restartWithHooks(client, container, live);
    assert.deepEqual(asked, ['start', 'after', 'before', 'stop', 'before', 'restart', 'after']);
  });

  it('have nothing to run in where nothing runs', async () => {
    const { client, asked } = fakeContainer({ Running: false, Paused: false });
    await stopWithHooks(client, container, live);
    assert.deepEqual(asked, ['stop']);
  });

  it('that fail are told of with what they printed, and nothing is stopped', async () => {
    const { client, asked } = fakeContainer(running, 7);
    await assert.rejects(
      stopWithHooks(client, container, live),
      /the hook "before" ended with code 7: oops$/,
    );
    assert.deepEqual(asked, ['before']);
  });
});
