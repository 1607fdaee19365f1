import { randomBytes } from 'node:crypto';
import type { ContainerSettings, MountSettings } from '#engine/container-settings.ts';
import type { ContainerMount } from '#engine/containers/container-mount.ts';
import { found } from '#engine/containers/found.ts';
import { findContainer } from '#engine/containers/lookup.ts';
import type { ContainerContext } from '#engine/containers/parts.ts';
import type { EffectiveProcess } from '#engine/containers.ts';
import { DhowError } from '#errors/error.ts';
import { hasSelinux } from '#sys/security-modules.ts';

/**
 * All mounts of a container that is to be made: those of `--volumes-from`, over them its own, and an anonymous volume for each volume path
 * of the image that has none. Every volume has its name, and none is made yet.
 * @throws InvalidParameter, also for a container or an image that is not there; Unsupported
 */
export function resolveMounts(
  context: Pick<ContainerContext, 'table' | 'images' | 'volumes'>,
  settings: ContainerSettings,
  effective: EffectiveProcess,
): ContainerMount[] {
  const { host } = settings;
  const own = host.mounts.map((mount) => resolveMount(context, mount));
  const ownTargets = new Set([...own.map((mount) => mount.target), ...Object.keys(host.tmpfs)]);
  const borrowed = new Map<string, ContainerMount>();
  for (const text of host.volumesFrom) {
    for (const mount of mountsOfOther(context, text)) {
      if (!ownTargets.has(mount.target)) borrowed.set(mount.target, mount);
    }
  }
  const covered = new Set([...ownTargets, ...borrowed.keys()]);
  const ofImage = effective.volumePaths
    .filter((target) => !covered.has(target))
    .map((target) =>
      nameVolume({ type: 'volume', name: '', target, readonly: false, copyUp: true, mode: '' }),
    );
  return [...borrowed.values(), ...own, ...ofImage];
}

function resolveMount(context: Pick<ContainerContext, 'images'>, mount: MountSettings): ContainerMount {
  refuseRelabelling(mount);
  if (mount.type === 'volume') return nameVolume(mount);
  if (mount.type !== 'image') return mount;
  const image = found(() => context.images.get(mount.source));
  return { ...mount, imageId: image.id, layers: image.config.rootfs.diff_ids };
}

function nameVolume(mount: Extract<MountSettings, { type: 'volume' }>): ContainerMount {
  return mount.name === '' ? { ...mount, name: randomBytes(32).toString('hex'), anonymous: true } : mount;
}

/** One of each kind; all but `ro` say nothing here. */
const borrowModes = [
  ['ro', 'rw'],
  ['z', 'Z'],
  ['default', 'consistent', 'cached', 'delegated'],
];

/** `container`, or `container:` and words that are separated by commas. */
function mountsOfOther(context: Pick<ContainerContext, 'table'>, text: string): ContainerMount[] {
  const colon = text.indexOf(':');
  const name = colon === -1 ? text : text.slice(0, colon);
  const mode = colon === -1 ? '' : text.slice(colon + 1);
  const words = mode === '' ? [] : mode.split(',');
  const isKnown = words.every((word) => borrowModes.some((kind) => kind.includes(word)));
  if (!isKnown || borrowModes.some((kind) => words.filter((word) => kind.includes(word)).length > 1)) {
    throw new DhowError('InvalidParameter', `invalid mode: ${mode.slice(0, 100)}`);
  }
  const other = found(() => findContainer(context.table, name));
  return other.mounts.map((mount) => borrow(mount, words.includes('ro')));
}

/** The other container has filled its volumes, and its modes are not told, as in Docker. */
function borrow(mount: ContainerMount, readonly: boolean): ContainerMount {
  switch (mount.type) {
    case 'bind':
      return { ...mount, readonly: mount.readonly || readonly, mode: '' };
    case 'volume':
      return { ...mount, readonly: mount.readonly || readonly, copyUp: false, mode: '' };
    case 'tmpfs':
      return readonly && !mount.options.includes('ro')
        ? { ...mount, options: [...mount.options, 'ro'] }
        : mount;
    case 'image':
      return mount;
  }
}

/** Without SELinux there are no labels, and nothing to do. */
function refuseRelabelling(mount: MountSettings): void {
  const words = 'mode' in mount ? (mount.mode?.split(',') ?? []) : [];
  const word = words.find((each) => each === 'z' || each === 'Z');
  if (word === undefined || !hasSelinux()) return;
  throw new DhowError(
    'Unsupported',
    `the option "${word}" is not supported on a host with SELinux: label the files by chcon, and leave it out`,
  );
}
