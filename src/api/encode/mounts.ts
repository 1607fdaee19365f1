import type { MountView } from '#engine/containers.ts';
import type { MountPoint } from '#wire/containers.ts';

export function encodeMounts(mounts: readonly MountView[]): MountPoint[] {
  return mounts.map((mount) => ({
    Type: mount.type,
    ...(mount.name === undefined ? {} : { Name: mount.name }),
    Source: mount.source,
    Destination: mount.target,
    ...(mount.type === 'volume' ? { Driver: 'local' } : {}),
    Mode: mount.mode,
    RW: !mount.readonly,
    Propagation: mount.propagation,
  }));
}
