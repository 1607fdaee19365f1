import fs from 'node:fs';
import { pathsOf } from '#engine/containers/paths.ts';
import type { ContainerRecord } from '#engine/containers/table.ts';
import { DhowError } from '#errors/error.ts';
import { mountPointsUnder } from '#sys/mount-table.ts';

/**
 * Makes sure that the roots of running containers, which an earlier daemon mounted, are mounted for this one as well. Otherwise it could
 * neither copy out of them nor unmount them, and would take their mount points for empty directories.
 * @param running with the pids of their first processes
 * @throws Conflict when they are mounted in another mount namespace
 */
export function requireVisibleRoots(
  containersDirectory: string,
  running: readonly { record: ContainerRecord; pid: number }[],
): void {
  if (running.length === 0) return;
  const directory = fs.realpathSync(containersDirectory);
  const mounted = new Set(mountPointsUnder(directory));
  const own = mountNamespaceOf('self');
  const hidden = running
    .filter(({ record }) => !mounted.has(pathsOf(directory, record.id).root))
    .map(({ record, pid }) => ({ name: record.name, monitor: parentOf(pid) }))
    // In the same namespace somebody has unmounted it, which is that container's loss alone.
    .filter(({ monitor }) => ![own, undefined].includes(monitor && mountNamespaceOf(monitor)));
  const [first] = hidden;
  if (first === undefined) return;
  const names = hidden.map(({ name }) => name);
  const shown =
    names.length > 5 ? `${names.slice(0, 5).join(', ')} and ${names.length - 5} more` : names.join(', ');
  throw new DhowError(
    'Conflict',
    `the file systems of running containers (${shown}) are mounted in another mount namespace, that of the daemon that started them: start this one there (nsenter --mount --target ${first.monitor} dhow daemon …) and stop them before it moves`,
  );
}

/** undefined for a process that has gone. */
function mountNamespaceOf(pid: string): string | undefined {
  return attempt(() => fs.readlinkSync(`/proc/${pid}/ns/mnt`));
}

function parentOf(pid: number): string | undefined {
  return attempt(() => /^PPid:\s+(\d+)/m.exec(fs.readFileSync(`/proc/${pid}/status`, 'latin1'))?.[1]);
}

function attempt<T>(look: () => T): T | undefined {
  try {
    return look();
  } catch {
    return undefined;
  }
}
