import { setTimeout } from 'node:timers/promises';

/** Waits until `condition` holds. @throws after a minute, naming what was waited for */
export async function waitFor(what: string, condition: () => boolean): Promise<void> {
  for (const end = performance.now() + 60_000; performance.now() < end; ) {
    if (condition()) return;
    await setTimeout(2);
  }
  throw new Error(`waited in vain for ${what}`);
}
