import { kindOf } from '#errors/error.ts';

/** What is gone needs not be stopped or removed. */
export async function ifThere(done: Promise<unknown>): Promise<void> {
  try {
    await done;
  } catch (error) {
    if (kindOf(error) !== 'NotFound') throw error;
  }
}

/** What others use stays, and is no failure. Answers with what is to be said of it. */
export async function ifUnused(done: Promise<unknown>): Promise<string | undefined> {
  try {
    await done;
    return undefined;
  } catch (error) {
    const kind = kindOf(error);
    if (kind === 'NotFound') return 'Not there';
    if (kind === 'Conflict' || kind === 'Forbidden') return 'Still in use';
    throw error;
  }
}
