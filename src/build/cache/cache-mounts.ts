import { createHash } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import type { CacheTable } from '#build/cache/cache-table.ts';
import type { RunMount } from '#build/steps.ts';
import { abortable } from '#errors/abortable.ts';
import { quietly } from '#errors/quietly.ts';
import { directorySize } from '#sys/directory-size.ts';

type CacheMount = RunMount & { type: 'cache' };

/** A cache mount that a command may use until this is disposed. */
export interface HeldCacheMount extends AsyncDisposable {
  directory: string;
  /** Whether it was made just now, and is empty. */
  fresh: boolean;
}

/**
 * The directories of `RUN --mount=type=cache`. With `shared` all users have the same one, with `locked` one after the other;
 * with `private` each has the first that nobody uses.
 */
export interface CacheMounts {
  /** @throws the reason of `signal` while it waits for a locked one */
  acquire(mount: CacheMount, signal: AbortSignal): Promise<HeldCacheMount>;
  /** @returns false when it is in use */
  remove(key: string): Promise<boolean>;
  /** Finishes removals that an earlier process had begun. */
  restore(): Promise<void>;
}

const removedPrefix = 'removed-';

export function createCacheMounts(parts: {
  directory: string;
  table: Pick<CacheTable, 'recordMount' | 'remove'>;
  removeTree: (path: string) => Promise<void>;
}): CacheMounts {
  const { directory, table, removeTree } = parts;
  fs.mkdirSync(directory, { recursive: true, mode: 0o711 });
  const users = new Map<string, number>();
  /** Ends of the queues for locked mounts. */
  const queues = new Map<string, Promise<void>>();

  function placeOf(key: string): string {
    return path.join(directory, key);
  }

  function chooseKey(base: string, sharing: CacheMount['sharing']): string {
    if (sharing !== 'private') return base;
    for (let number = 0; ; number++) {
      const key = number === 0 ? base : `${base}-${number}`;
      if (!users.has(key)) return key;
    }
  }

  const describe = (mount: CacheMount): string => `mount / cache ${mount.id}`;

  function make(mount: CacheMount, key: string): boolean {
    const place = placeOf(key);
    if (fs.existsSync(place)) return false;
    // Before the directory: a daemon that dies leaves none that cannot be pruned.
    table.recordMount(key, describe(mount), 0);
    fs.mkdirSync(place, { mode: 0o700 });
    fs.chownSync(place, mount.uid, mount.gid);
    fs.chmodSync(place, mount.mode);
    return true;
  }

  return {
    async acquire(mount, signal) {
      const key = chooseKey(createHash('sha256').update(mount.id).digest('hex').slice(0, 32), mount.sharing);
      // Counted from here on: while somebody waits the directory must not be pruned.
      users.set(key, (users.get(key) ?? 0) + 1);
      const turn = Promise.withResolvers<void>();
      const leave = (): void => {
        const left = (users.get(key) ?? 1) - 1;
        if (left === 0) users.delete(key);
        else users.set(key, left);
        turn.resolve();
      };
      try {
        if (mount.sharing === 'locked') {
          const before = queues.get(key);
          const mine = Promise.all([before, turn.promise]).then(() => {});
          queues.set(key, mine);
          void mine.then(() => {
            if (queues.get(key) === mine) queues.delete(key);
          });
          await abortable(before, signal);
        }
        const fresh = make(mount, key);
        return {
          directory: placeOf(key),
          fresh,
          async [Symbol.asyncDispose]() {
            // What a command left may be too deep to be measured, which must not keep the next one waiting.
            await quietly('measure a cache mount', async () =>
              table.recordMount(key, describe(mount), await directorySize(placeOf(key))),
            )();
            leave();
          },
        };
      } catch (error) {
        leave();
        throw error;
      }
    },
    async remove(key) {
      if (users.has(key)) return false;
      table.remove(key);
      const away = placeOf(`${removedPrefix}${key}-${Date.now()}`);
      if (fs.existsSync(placeOf(key))) fs.renameSync(placeOf(key), away);
      await removeTree(away);
      return true;
    },
    async restore() {
      for (const name of fs.readdirSync(directory)) {
        if (name.startsWith(removedPrefix)) await removeTree(placeOf(name));
      }
    },
  };
}
