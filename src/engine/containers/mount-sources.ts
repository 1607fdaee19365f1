import fs from 'node:fs';
import path from 'node:path';
import type { ContainerMount } from '#engine/containers/container-mount.ts';
import type { ContainerContext } from '#engine/containers/parts.ts';
import type { ContainerPaths } from '#engine/containers/paths.ts';
import type { ContainerRecord } from '#engine/containers/table.ts';
import { DhowError } from '#errors/error.ts';
import { quietly } from '#errors/quietly.ts';
import type { IdMapping } from '#sys/id-mapping.ts';
import { hasCode } from '#sys/libc.ts';

/** A mount, and where on the host its files are seen. */
export interface MountSource {
  mount: Exclude<ContainerMount, { type: 'tmpfs' }>;
  source: string;
}

type Context = Pick<ContainerContext, 'volumes' | 'layers' | 'roots'>;

/**
 * Makes the files of a container's mounts seen on the host: volumes are held and mounted, and filled with what the image has; images and
 * parts of volumes are mounted in the container's directory. The container's root is mounted, and its lock is held.
 * @param mapping of its user namespace, with which its root is mounted
 * @param holder who holds the volumes
 * @param undo gets what gives all back
 */
export async function openMountSources(
  context: Context,
  record: ContainerRecord,
  paths: ContainerPaths,
  {
    holder,
    undo,
    fill,
    mapping,
  }: { holder: string; undo: AsyncDisposableStack; fill: boolean; mapping: IdMapping | undefined },
): Promise<MountSource[]> {
  const sources: MountSource[] = [];
  undo.defer(quietly('unmount sources of mounts', () => context.roots.unmountBelow(paths.sources)));
  for (const [index, mount] of record.mounts.entries()) {
    if (mount.type === 'tmpfs') continue;
    if (mount.type === 'volume') {
      undo.defer(
        quietly(`release volume ${mount.name}`, async () => {
          await context.volumes.release(mount.name, holder);
        }),
      );
      await context.volumes.hold(mount.name, holder);
      if (fill && mount.copyUp) await context.volumes.copyUp(mount.name, paths.root, mount.target, mapping);
      if (mount.subpath !== undefined) {
        bindPart(context, mount, volumeSource(context, mount.name, mapping), placeOf(paths, index));
      }
    } else if (mount.type === 'image') {
      const whole = mount.subpath === undefined ? placeOf(paths, index) : `${placeOf(paths, index)}-image`;
      fs.mkdirSync(whole, { recursive: true, mode: 0o700 });
      context.roots.mountReadonly(context.layers.readonlyMount(mount.layers), whole, mapping);
      if (mount.subpath !== undefined) bindPart(context, mount, whole, placeOf(paths, index));
    }
    sources.push({ mount, source: sourceOf(context, paths, index, mount, mapping) });
  }
  return sources;
}

/** The sources of a container that runs, which are open. */
export function openedMountSources(
  context: Pick<ContainerContext, 'volumes' | 'roots'>,
  record: ContainerRecord,
  paths: ContainerPaths,
  mapping: IdMapping | undefined,
): MountSource[] {
  return record.mounts.flatMap((mount, index) =>
    mount.type === 'tmpfs' ? [] : [{ mount, source: sourceOf(context, paths, index, mount, mapping) }],
  );
}

function sourceOf(
  context: Pick<ContainerContext, 'volumes' | 'roots'>,
  paths: ContainerPaths,
  index: number,
  mount: MountSource['mount'],
  mapping: IdMapping | undefined,
): string {
  if (mount.type === 'bind') return mount.source;
  if (mount.type === 'volume' && mount.subpath === undefined)
    return volumeSource(context, mount.name, mapping);
  return placeOf(paths, index);
}

/** What is mounted as a volume keeps its ids, as what is bound from the host does. */
function volumeSource(
  { volumes, roots }: Pick<ContainerContext, 'volumes' | 'roots'>,
  name: string,
  mapping: IdMapping | undefined,
): string {
  const { mountpoint } = volumes.get(name);
  return volumes.isMount(name) ? mountpoint : roots.mapped(mountpoint, mapping);
}

function placeOf(paths: ContainerPaths, index: number): string {
  return path.join(paths.sources, String(index));
}

function bindPart(
  context: Pick<ContainerContext, 'roots'>,
  mount: Extract<ContainerMount, { type: 'volume' | 'image' }>,
  directory: string,
  place: string,
): void {
  const { subpath = '' } = mount;
  try {
    fs.mkdirSync(path.dirname(place), { recursive: true, mode: 0o700 });
    context.roots.bindInside(directory, subpath, place);
  } catch (error) {
    if (!hasCode(error, 'ENOENT', 'ENOTDIR', 'ELOOP')) throw error;
    const whole = mount.type === 'volume' ? `volume ${mount.name}` : `image ${mount.source}`;
    throw new DhowError(
      'InvalidParameter',
      `cannot mount "${subpath}" of ${whole} on ${mount.target}: it has no such path`,
      { cause: error },
    );
  }
}
