import assert from 'node:assert/strict';
import { isDhowError } from '#errors/error.ts';

/** Asserts that an attempt fails with an error of this kind, in these words. */
export async function refused(
  attempt: Promise<unknown>,
  kind: string,
  words: RegExp,
  reason?: string,
): Promise<void> {
  await assert.rejects(attempt, (error) => {
    assert.ok(isDhowError(error), String(error));
    assert.equal(error.kind, kind);
    assert.equal(error.reason, reason);
    assert.match(error.message, words);
    return true;
  });
}

/** The same for input that a function without effects finds wrong. */
export function refusedInput(action: () => unknown, words: RegExp): void {
  assert.throws(
    action,
    (error) => isDhowError(error) && error.kind === 'InvalidParameter' && words.test(error.message),
  );
}
