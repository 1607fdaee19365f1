import { watch } from 'node:fs/promises';
import type { Trigger } from '#cli/commands/compose/watch/triggers.ts';

/** Editors and compilers write many files at once; they are one change. */
const settleMs = 150;

type Batch = ReadonlyMap<Trigger, readonly string[]>;

/**
 * Changed paths by trigger, relative to its directory, as soon as nothing has changed for a moment. What changes while the caller is busy
 * is in the next batch. Ends when `signal` aborts.
 */
export async function* collectChanges(
  triggers: readonly Trigger[],
  signal: AbortSignal,
): AsyncGenerator<Batch> {
  let pending = new Map<Trigger, Set<string>>();
  let wake = Promise.withResolvers<void>();
  let timer: NodeJS.Timeout | undefined;
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
  for (const trigger of triggers) listen(trigger).catch((error: unknown) => wake.reject(error));
  try {
    for (;;) {
      await wake.promise;
      const batch = pending;
      pending = new Map();
      wake = Promise.withResolvers();
      yield new Map([...batch].map(([trigger, paths]) => [trigger, [...paths].sort()]));
    }
  } finally {
    clearTimeout(timer);
  }
}
