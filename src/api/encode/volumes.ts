import type { VolumeRecord } from '#api/engine-values.ts';
import type { Volume } from '#wire/volumes.ts';

/** The label by which Docker tells volumes that nobody named. */
const anonymousLabel = 'com.docker.volume.anonymous';

export function encodeVolume(volume: VolumeRecord): Volume {
  const labels = volume.anonymous ? { [anonymousLabel]: '', ...volume.labels } : volume.labels;
  return {
    CreatedAt: volume.createdAt.toISOString(),
    Driver: 'local',
    Labels: Object.keys(labels).length > 0 ? labels : null,
    Mountpoint: volume.mountpoint,
    Name: volume.name,
    Options: Object.keys(volume.options).length > 0 ? volume.options : null,
    Scope: 'local',
  };
}
