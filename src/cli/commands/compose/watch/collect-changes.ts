import { watch } from 'node:fs/promises';
import type { Trigger } from '#cli/commands/compose/watch/triggers.ts';

/** Editors and compilers write many files at once; they are one change. */
const settleMs = 150;

type Batch = ReadonlyMap<Trigger, readonly string[]>;

/**
 * Changed paths by trigger, relative to its directory, as soon as nothing has changed for a moment. It is in effect at once; what changes
 * while the caller is busy is in the next batch. Ends with an error when `signal` aborts.
 */
export function collectChanges(triggers: readonly Trigger[], signal: AbortSignal): AsyncIterable<Batch> {
  let pending = new Map<Trigger, Set<string>>();
  let wake = Promise.withResolvers<void>();
  let timer: NodeJS.Timeout | undefined;
  const failed = Promise.withResolvers<never>();
  // Nobody may be waiting when it fails.
  failed.promise.catch(() => {});

  const note = (trigger: Trigger, path: string) => {
    pending.set(trigger, (pending.get(trigger) ?? new Set()).add(path));
    clearTimeout(timer);
    timer = setTimeout(() => wake.resolve(), settleMs);
  };
  const listen = async (trigger: Trigger) => {
    const { directory, file } = trigger;
    for await (const { filename } of watch(directory, { recursive: file === undefined, signal })) {
      if (filename === null || (file !== undefined && filename !== file)) continue;
      if (trigger.includes(filename)) note(trigger, filename);
    }
  };
  for (const trigger of triggers) listen(trigger).catch(failed.reject);

  async function* batches(): AsyncGenerator<Batch> {
    try {
      for (;;) {
        await Promise.race([wake.promise, failed.promise]);
        const batch = pending;
        pending = new Map();
        wake = Promise.withResolvers();
        yield new Map([...batch].map(([trigger, paths]) => [trigger, [...paths].sort()]));
      }
    } finally {
      clearTimeout(timer);
    }
  }
  return batches();
}
