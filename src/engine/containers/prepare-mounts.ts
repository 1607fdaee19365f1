import { makeVolumes } from '#engine/containers/container-volumes.ts';
import { findContainer, requireRunning } from '#engine/containers/lookup.ts';
import type { ContainerContext } from '#engine/containers/parts.ts';
import { type ContainerPaths, pathsOf } from '#engine/containers/paths.ts';
import type { ContainerRecord } from '#engine/containers/table.ts';
import type { MountView } from '#engine/containers.ts';
import type { ContainerMount } from '#runtime/spec.ts';

/** The mounts of a container besides the standard ones, in mount order: shallow targets before deep ones. */
export async function prepareMounts(
  context: ContainerContext,
  record: ContainerRecord,
  paths: ContainerPaths,
): Promise<ContainerMount[]> {
  await makeVolumes(context, record);
  const mounts: ContainerMount[] = [];
  for (const mount of record.mounts) {
    if (mount.type === 'tmpfs') {
      mounts.push({ type: 'tmpfs', target: mount.target, options: mount.options });
    } else if (mount.type === 'bind') {
      const { source, target, readonly, propagation, recursive } = mount;
      mounts.push({ type: 'bind', source, target, readonly, propagation, recursive });
    } else {
      if (mount.copyUp) await context.volumes.copyUp(mount.name, paths.root, mount.target);
      const source = context.volumes.get(mount.name).mountpoint;
      mounts.push(bind(source, mount.target, mount.readonly));
    }
  }
  for (const [target, options] of Object.entries(record.settings.host.tmpfs)) {
    mounts.push({ type: 'tmpfs', target, options: options.split(',').filter(Boolean) });
  }
  const covered = new Set(mounts.map((mount) => mount.target));
  const files = hostFilePaths(context, record, paths);
  for (const [target, source] of Object.entries(files)) {
    if (!covered.has(target)) mounts.push(bind(source, target, false));
  }
  return mounts.sort((a, b) => depth(a.target) - depth(b.target));
}

/** With `--network container:X` the files are X's, as the address is. */
function hostFilePaths(
  context: ContainerContext,
  record: ContainerRecord,
  own: ContainerPaths,
): Record<string, string> {
  const mode = record.settings.host.networkMode;
  let paths = own;
  if (mode.startsWith('container:')) {
    const other = findContainer(context.table, mode.slice('container:'.length));
    requireRunning(other);
    paths = pathsOf(context.containersDirectory, other.id);
  }
  return { '/etc/hosts': paths.hosts, '/etc/hostname': paths.hostname, '/etc/resolv.conf': paths.resolv };
}

function bind(source: string, target: string, readonly: boolean): ContainerMount {
  return { type: 'bind', source, target, readonly, propagation: 'rprivate', recursive: true };
}

function depth(target: string): number {
  return target.split('/').filter(Boolean).length;
}

/** Inspect's `Mounts`. */
export function viewMounts(context: Pick<ContainerContext, 'volumes'>, record: ContainerRecord): MountView[] {
  return record.mounts.map((mount) => {
    if (mount.type === 'tmpfs') {
      return { type: 'tmpfs', source: '', target: mount.target, mode: '', readonly: false, propagation: '' };
    }
    const { target, readonly } = mount;
    if (mount.type === 'bind') {
      return {
        type: 'bind',
        source: mount.source,
        target,
        mode: readonly ? 'ro' : '',
        readonly,
        propagation: mount.propagation,
      };
    }
    const source = context.volumes.find(mount.name)?.mountpoint ?? '';
    return { type: 'volume', name: mount.name, source, target, mode: 'z', readonly, propagation: '' };
  });
}
