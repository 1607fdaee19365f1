import assert from 'node:assert/strict';
import { Readable } from 'node:stream';
import { describe, it } from 'node:test';
import type { Client, ClientRequest } from '#client/client.ts';
import { executePlan, type StepReport } from '#compose/execute.ts';
import type { Step } from '#compose/plan.ts';
import { DhowError } from '#errors/error.ts';

/** Answers what the given function says for `METHOD path`; a promise holds the answer back. */
function fakeClient(answer: (key: string) => unknown): { client: Client; calls: string[] } {
  const calls: string[] = [];
  const client: Client = {
    address: 'fake',
    async request({ method, path }: ClientRequest) {
      calls.push(`${method} ${path}`);
      const body = await answer(`${method} ${path}`);
      return { status: 200, headers: {}, body: Readable.from([Buffer.from(JSON.stringify(body ?? {}))]) };
    },
    upgrade: () => Promise.reject(new Error('nothing here upgrades')),
    connect: () => Promise.reject(new Error('nothing here connects')),
    close() {},
  };
  return { client, calls };
}

const start = (name: string, after: Step[] = []): Step => ({
  action: { kind: 'start-container', id: name, name },
  after,
});
const path = (name: string) => `POST /containers/${name}/start`;
const live = new AbortController().signal;

describe('executePlan', () => {
  it('begins a step when all before it are done, and others beside it', async () => {
    const held = Promise.withResolvers<void>();
    const { client, calls } = fakeClient((key) => (key === path('a') ? held.promise : undefined));
    const [a, b] = [start('a'), start('b')];
    const reports: StepReport[] = [];
    const over = executePlan(client, [start('c', [a, b]), a, b], (report) => reports.push(report), live);
    await new Promise(setImmediate);
    assert.deepEqual(calls, [path('a'), path('b')]);
    held.resolve();
    await over;
    assert.deepEqual(calls, [path('a'), path('b'), path('c')]);
    assert.deepEqual(
      reports.filter(({ state }) => state === 'done').map(({ subject, text }) => `${subject} ${text}`),
      ['Container b Started', 'Container a Started', 'Container c Started'],
    );
  });

  it('begins nothing new after a failure, finishes what is under way, and throws the first one', async () => {
    const held = Promise.withResolvers<void>();
    const { client, calls } = fakeClient((key) => {
      if (key === path('bad')) throw new DhowError('Conflict', 'no');
      return key === path('slow') ? held.promise : undefined;
    });
    const slow = start('slow');
    const states: string[] = [];
    const over = executePlan(
      client,
      [slow, start('bad'), start('later', [slow])],
      ({ subject, state }) => states.push(`${subject} ${state}`),
      live,
    );
    await new Promise(setImmediate);
    held.resolve();
    await assert.rejects(over, { kind: 'Conflict', message: 'no' });
    assert.deepEqual(calls, [path('slow'), path('bad')]);
    assert.ok(states.includes('Container bad failed') && states.includes('Container slow done'));
  });

  it('does nothing once it is interrupted', async () => {
    const { client, calls } = fakeClient(() => undefined);
    await assert.rejects(
      executePlan(client, [start('a')], () => {}, AbortSignal.abort()),
      { name: 'AbortError' },
    );
    assert.deepEqual(calls, []);
  });

  it('takes what is gone as removed, and says what is still in use', async () => {
    const { client } = fakeClient((key) => {
      if (key === 'DELETE /containers/c') throw new DhowError('NotFound', 'gone');
      throw new DhowError('Forbidden', 'in use');
    });
    const texts: string[] = [];
    const steps: Step[] = [
      { action: { kind: 'remove-container', id: 'c', name: 'c', volumes: false, force: false }, after: [] },
      { action: { kind: 'remove-network', name: 'n' }, after: [] },
    ];
    await executePlan(
      client,
      steps,
      ({ subject, state, text }) => state === 'done' && texts.push(`${subject} ${text}`),
      live,
    );
    assert.deepEqual(texts.sort(), ['Container c Removed', 'Network n Still in use']);
  });

  it('in a dry run tells all in order and does nothing', async () => {
    const { client, calls } = fakeClient(() => undefined);
    const first = start('a');
    const wait: Step = {
      action: { kind: 'await-container', id: 'a', name: 'a', condition: 'healthy' },
      after: [first],
    };
    const told: string[] = [];
    await executePlan(
      client,
      [start('b', [wait]), wait, first],
      ({ subject, text }) => told.push(`${subject} ${text}`),
      live,
      { parallel: 1, dryRun: true },
    );
    assert.deepEqual(calls, []);
    assert.deepEqual(told, [
      'Container a Starting',
      'Container a Started',
      'Container a Waiting',
      'Container a Healthy',
      'Container b Starting',
      'Container b Started',
    ]);
  });

  it('has no more steps under way than it is told', async () => {
    const held = Promise.withResolvers<void>();
    const { client, calls } = fakeClient(() => held.promise);
    const steps = ['a', 'b', 'c'].map((name) => start(name));
    const over = executePlan(client, steps, () => {}, live, { parallel: 2, dryRun: false });
    await new Promise(setImmediate);
    assert.deepEqual(calls, [path('a'), path('b')]);
    held.resolve();
    await over;
    assert.equal(calls.length, 3);
  });
});
