import type { MountSettings } from '#engine/container-settings.ts';
import type { Digest } from '#image/digest.ts';

type Of<Type extends MountSettings['type']> = Extract<MountSettings, { type: Type }>;

/** A mount of a container, with nothing left open: volumes have names, images are found. */
export type ContainerMount =
  | Of<'bind'>
  | Of<'tmpfs'>
  /** `anonymous`: nobody gave the volume its name, so it goes with the last container that mounts it. */
  | (Of<'volume'> & { anonymous?: boolean })
  /** The layers stay as long as the container, base first. */
  | (Of<'image'> & { imageId: Digest; layers: readonly Digest[] });
