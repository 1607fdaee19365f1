import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type RestartQuestion, restartDelay, startsWithDaemon } from '#engine/containers/restart-policy.ts';

const failed: RestartQuestion = {
  policy: { name: 'always', maximumRetryCount: 0 },
  exitCode: 1,
  stoppedByUser: false,
  restartCount: 0,
  ranForMs: 50,
  previousDelayMs: 0,
};
const onFailure = { name: 'on-failure', maximumRetryCount: 3 } as const;

const cases: [string, Partial<RestartQuestion>, number | undefined][] = [
  ['the first restart waits 100 ms', {}, 100],
  ['each further restart waits twice as long', { previousDelayMs: 400 }, 800],
  ['the delay ends at one minute', { previousDelayMs: 45_000 }, 60_000],
  ['ten seconds of running forget the delay', { previousDelayMs: 45_000, ranForMs: 10_000 }, 100],
  ['a stop by the user is final', { stoppedByUser: true }, undefined],
  ['no policy, no restart', { policy: { name: 'no', maximumRetryCount: 0 } }, undefined],
  ['always also restarts after success', { exitCode: 0 }, 100],
  ['on-failure leaves success alone', { policy: onFailure, exitCode: 0 }, undefined],
  ['on-failure restarts while tries are left', { policy: onFailure, restartCount: 2 }, 100],
  ['on-failure gives up after its tries', { policy: onFailure, restartCount: 3 }, undefined],
];
for (const [name, change, expected] of cases) {
  test(`restart policy › ${name}`, () => assert.equal(restartDelay({ ...failed, ...change }), expected));
}

test('restart policy › unless-stopped remembers the stop over a restart of the daemon, always does not', () => {
  assert.equal(startsWithDaemon({ name: 'unless-stopped', maximumRetryCount: 0 }, true), false);
  assert.equal(startsWithDaemon({ name: 'unless-stopped', maximumRetryCount: 0 }, false), true);
  assert.equal(startsWithDaemon({ name: 'always', maximumRetryCount: 0 }, true), true);
  assert.equal(startsWithDaemon(onFailure, false), false);
});
