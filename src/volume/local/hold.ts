import { finishFill } from '#volume/local/fill.ts';
import { isMounted, mountVolume, unmountVolume } from '#volume/local/mounts.ts';
import { readVolumeOptions } from '#volume/local/options.ts';
import { getVolume, isMountKind, type LocalParts } from '#volume/local/parts.ts';

/** See `VolumeStore.hold`. */
export function holdVolume(parts: LocalParts, name: string, holder: string): Promise<string> {
  return parts.inOrder(name, async () => {
    const volume = getVolume(parts, name);
    const kind = readVolumeOptions(volume.options);
    if (kind.kind === 'directory') await finishFill(volume.mountpoint);
    else if (!isMounted(volume.mountpoint)) await mountVolume(kind, volume.mountpoint);
    parts.holders.add(name, holder);
    return volume.mountpoint;
  });
}

/** See `VolumeStore.release`. */
export async function releaseVolume(parts: LocalParts, name: string, holder: string): Promise<boolean> {
  const volume = parts.table.find(name);
  // A plain directory needs no unmounting, and nobody to wait for.
  if (!volume || !isMountKind(volume)) return parts.holders.remove(name, holder);
  return parts.inOrder(name, async () => {
    if (!parts.holders.remove(name, holder)) return false;
    if (parts.holders.of(name).length === 0) await unmountVolume(volume.mountpoint);
    return true;
  });
}
