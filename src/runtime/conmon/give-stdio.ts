import fs from 'node:fs';
import type { OciIdMapping, OciProcess, OciSpec } from '#runtime/oci.ts';
import { hasCode } from '#sys/libc.ts';

/** Whom of the host the process's user is, where it has a user namespace of its own. */
export function ownerOutside(
  { linux }: OciSpec,
  { user }: OciProcess,
): { uid: number; gid: number } | undefined {
  const { uidMappings, gidMappings } = linux;
  if (uidMappings === undefined || gidMappings === undefined) return undefined;
  const uid = outside(uidMappings, user.uid);
  const gid = outside(gidMappings, user.gid);
  return uid === undefined || gid === undefined ? undefined : { uid, gid };
}

/**
 * Gives the pipes of a monitor, whose other ends its process has, to the user who shall open them again by /dev/stdout and its like, as many servers do for their log. A
 * process in a user namespace could not take them itself: root of the host is nobody there.
 * The monitor is asked because the process may be a stranger's program already, which could put other files in their place.
 */
export function givePipes(monitorPid: number, owner: { uid: number; gid: number }): void {
  const directory = `/proc/${monitorPid}/fd`;
  for (const fd of unlessGone(() => fs.readdirSync(directory)) ?? []) {
    const file = `${directory}/${fd}`;
    // It closes the ends that it does not need meanwhile.
    unlessGone(() => {
      if (fs.readlinkSync(file).startsWith('pipe:')) fs.chownSync(file, owner.uid, owner.gid);
    });
  }
}

/** undefined when the descriptor, or the monitor, is not there any more; its end is told by others. */
function unlessGone<T>(call: () => T): T | undefined {
  try {
    return call();
  } catch (error) {
    if (hasCode(error, 'ENOENT', 'ESRCH')) return undefined;
    throw error;
  }
}

/**
 * Takes the host's /dev/null back, with the mode that it had: crun gives its stdin to the user of a user namespace, who has the same
 * device as his own /dev/null.
 */
export function restoreNullDevice({ uid, gid, mode }: Pick<fs.Stats, 'uid' | 'gid' | 'mode'>): void {
  fs.chownSync('/dev/null', uid, gid);
  fs.chmodSync('/dev/null', mode);
}

function outside(ranges: readonly OciIdMapping[], id: number): number | undefined {
  const range = ranges.find(({ containerID, size }) => id >= containerID && id < containerID + size);
  return range && range.hostID + (id - range.containerID);
}
