import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createTurns } from '#compose/turns.ts';

describe('turns', () => {
  it('are given in order, so many at a time, and come back from what fails', async () => {
    const turn = createTurns(2);
    const begun: number[] = [];
    const ends = Array.from({ length: 4 }, () => Promise.withResolvers<number>());
    const works = ends.map(({ promise }, index) =>
      turn(() => {
        begun.push(index);
        return promise;
      }),
    );
    const results = Promise.allSettled(works);
    assert.deepEqual(begun, [0, 1]);
    ends[1]?.reject(new Error('broken'));
    await assert.rejects(works[1] ?? Promise.resolve(), /broken/);
    assert.deepEqual(begun, [0, 1, 2]);
    for (const [index, { resolve }] of ends.entries()) resolve(index);
    assert.deepEqual(
      (await results).map((result) => (result.status === 'fulfilled' ? result.value : 'failed')),
      [0, 'failed', 2, 3],
    );
    assert.equal(await turn(async () => 5), 5);
  });

  it('are not limited by Infinity', async () => {
    const turn = createTurns(Number.POSITIVE_INFINITY);
    let begun = 0;
    const works = Array.from({ length: 50 }, () =>
      turn(async () => {
        begun += 1;
      }),
    );
    assert.equal(begun, 50);
    await Promise.all(works);
  });
});
