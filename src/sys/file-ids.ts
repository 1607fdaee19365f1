import { check, libc } from '#sys/libc.ts';

const setFileUser = libc.func('int setfsuid(unsigned int uid)');
const setFileGroup = libc.func('int setfsgid(unsigned int gid)');
const getCapabilities = libc.func('int capget(void *header, _Out_ void *sets)');
const setCapabilities = libc.func('int capset(void *header, void *sets)');

/** <linux/capability.h>: the version with two words for each set, of the calling thread. */
const header = Buffer.from(new Uint32Array([0x20080522, 0]).buffer);

export interface FileIds {
  uid: number;
  gid: number;
}

/**
 * From now on what this thread makes in file systems belongs to these ids (setfsuid(2)), which an id-mapped mount must have. A user other
 * than root loses the capabilities over files with it; the thread takes them again.
 * @throws SystemError
 */
export function makeFilesAs({ uid, gid }: FileIds): void {
  setFileGroup(gid);
  setFileUser(uid);
  raisePermitted();
}

/** Runs `inside`, which is synchronous, with such ids. @throws SystemError, and what `inside` throws */
export function withFileIds<T>(ids: FileIds, inside: () => T): T {
  try {
    makeFilesAs(ids);
    return inside();
  } finally {
    setFileUser(0);
    setFileGroup(0);
  }
}

function raisePermitted(): void {
  const sets = new Uint32Array(6);
  const bytes = Buffer.from(sets.buffer);
  check('capget', getCapabilities(header, bytes));
  // Effective, permitted, inheritable, and the three again for the higher numbers.
  sets[0] = sets[1] as number;
  sets[3] = sets[4] as number;
  check('capset', setCapabilities(header, bytes));
}
