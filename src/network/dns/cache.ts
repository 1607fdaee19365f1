import type { Response } from '#network/dns/response.ts';

/** Answers of name servers, each as long as it may be kept. What was not asked for the longest time goes first. */
export interface AnswerCache {
  /** With its age in whole seconds. */
  get(key: string): { response: Response; ageSeconds: number } | undefined;
  set(key: string, response: Response): void;
}

const maximumEntries = 4096;
const maximumBytes = 4 * 1024 * 1024;

/** @param now milliseconds of a clock that only goes forward */
export function createAnswerCache(now: () => number): AnswerCache {
  const entries = new Map<string, { response: Response; storedAt: number }>();
  let bytes = 0;

  function remove(key: string): void {
    bytes -= entries.get(key)?.response.bytes.length ?? 0;
    entries.delete(key);
  }

  return {
    get(key) {
      const entry = entries.get(key);
      if (entry === undefined) return undefined;
      const ageSeconds = Math.floor((now() - entry.storedAt) / 1000);
      if (ageSeconds >= entry.response.keepSeconds) {
        remove(key);
        return undefined;
      }
      // Maps keep the order of insertion: the first is the one that was used least recently.
      entries.delete(key);
      entries.set(key, entry);
      return { response: entry.response, ageSeconds };
    },
    set(key, response) {
      if (response.keepSeconds <= 0) return;
      remove(key);
      entries.set(key, { response, storedAt: now() });
      bytes += response.bytes.length;
      while (entries.size > maximumEntries || bytes > maximumBytes) {
        const [oldest] = entries.keys();
        if (oldest === undefined) return;
        remove(oldest);
      }
    },
  };
}
