import fs from 'node:fs';
import { emitVolumeEvent, makeVolumes } from '#engine/containers/container-volumes.ts';
import { type MountSource, openMountSources } from '#engine/containers/mount-sources.ts';
import { networkOwner } from '#engine/containers/network-mode.ts';
import type { ContainerContext } from '#engine/containers/parts.ts';
import { type ContainerPaths, pathsOf } from '#engine/containers/paths.ts';
import type { ContainerRecord } from '#engine/containers/table.ts';
import { withModeOfCovered } from '#engine/containers/tmpfs-mode.ts';
import type { MountView } from '#engine/containers.ts';
import type { ContainerMount } from '#runtime/spec.ts';
import type { IdMapping } from '#sys/id-mapping.ts';

/**
 * The mounts of a container besides the standard ones, in mount order: shallow targets before deep ones. `undo` gets what gives back
 * what they hold.
 */
export async function prepareMounts(
  context: ContainerContext,
  record: ContainerRecord,
  paths: ContainerPaths,
  undo: AsyncDisposableStack,
  mapping: IdMapping | undefined,
): Promise<ContainerMount[]> {
  await makeVolumes(context, record);
  const sources = await openMountSources(context, record, paths, {
    ...{ holder: record.id, undo, fill: true, mapping },
  });
  const mounts: ContainerMount[] = sources.map(toMount);
  for (const { mount } of sources) {
    if (mount.type !== 'volume') continue;
    emitVolumeEvent(context, 'mount', mount.name, {
      container: record.id,
      destination: mount.target,
      'read/write': String(!mount.readonly),
      propagation: '',
    });
  }
  const addTmpfs = (target: string, options: string[]): void => {
    mounts.push({ type: 'tmpfs', target, options: withModeOfCovered(paths.root, target, options) });
  };
  for (const mount of record.mounts) if (mount.type === 'tmpfs') addTmpfs(mount.target, mount.options);
  for (const [target, options] of Object.entries(record.settings.host.tmpfs)) {
    addTmpfs(target, options.split(',').filter(Boolean));
  }
  const covered = new Set(mounts.map((mount) => mount.target));
  const files = hostFilePaths(context, record, paths);
  for (const [target, source] of Object.entries(files)) {
    if (!covered.has(target)) mounts.push(bind(source, target, false));
  }
  return mounts.sort((a, b) => depth(a.target) - depth(b.target));
}

function toMount({ mount, source }: MountSource): ContainerMount {
  // Nothing is mounted below a file, and crun fails when it looks there.
  const below = fs.statSync(source, { throwIfNoEntry: false })?.isDirectory() ? undefined : 'never';
  if (mount.type !== 'bind') {
    return bind(source, mount.target, mount.type === 'image' || mount.readonly, below);
  }
  const { target, readonly, propagation, recursive, readonlyBelow = below } = mount;
  return {
    ...{ type: 'bind', source, target, readonly, propagation, recursive },
    ...(readonlyBelow === undefined ? {} : { readonlyBelow }),
  };
}

/** With `--network container:X` the files are X's, as the address is. */
function hostFilePaths(
  context: ContainerContext,
  record: ContainerRecord,
  own: ContainerPaths,
): Record<string, string> {
  const owner = networkOwner(context, record.settings.host.networkMode);
  const paths = owner ? pathsOf(context.containersDirectory, owner.id) : own;
  return { '/etc/hosts': paths.hosts, '/etc/hostname': paths.hostname, '/etc/resolv.conf': paths.resolv };
}

function bind(source: string, target: string, readonly: boolean, readonlyBelow?: 'never'): ContainerMount {
  return {
    ...{ type: 'bind', source, target, readonly, propagation: 'rprivate', recursive: true },
    ...(readonlyBelow === undefined ? {} : { readonlyBelow }),
  };
}

function depth(target: string): number {
  return target.split('/').filter(Boolean).length;
}

/** Inspect's `Mounts`. */
export function viewMounts(context: Pick<ContainerContext, 'volumes'>, record: ContainerRecord): MountView[] {
  return record.mounts.map((mount) => viewMount(context, mount));
}

function viewMount(
  context: Pick<ContainerContext, 'volumes'>,
  mount: ContainerRecord['mounts'][number],
): MountView {
  const { type, target } = mount;
  switch (mount.type) {
    case 'tmpfs':
      return { type, source: '', target, mode: '', readonly: mount.options.includes('ro'), propagation: '' };
    case 'image':
      return { type, source: mount.source, target, mode: '', readonly: true, propagation: '' };
    case 'bind': {
      const { source, readonly, propagation, mode = '' } = mount;
      return { type, source, target, mode, readonly, propagation };
    }
    case 'volume': {
      const { name, readonly, mode = 'z' } = mount;
      const source = context.volumes.find(name)?.mountpoint ?? '';
      return { type, name, source, target, mode, readonly, propagation: '' };
    }
  }
}
