import fs from 'node:fs';
import { DhowError } from '#errors/error.ts';
import { splitDeviceNumber } from '#runtime/spec/devices.ts';
import type { BlkioThrottle, ResourceSettings } from '#runtime/spec.ts';

interface DeviceNumber {
  major: number;
  minor: number;
}

type Rate = DeviceNumber & { rate: number };

/** runtime-spec config-linux.md, "Block IO". */
export interface OciBlockIo {
  weight?: number;
  weightDevice?: (DeviceNumber & { weight: number })[];
  throttleReadBpsDevice?: Rate[];
  throttleWriteBpsDevice?: Rate[];
  throttleReadIOPSDevice?: Rate[];
  throttleWriteIOPSDevice?: Rate[];
}

const ociNames = {
  readBps: 'throttleReadBpsDevice',
  writeBps: 'throttleWriteBpsDevice',
  readIops: 'throttleReadIOPSDevice',
  writeIops: 'throttleWriteIOPSDevice',
} as const satisfies Record<BlkioThrottle, keyof OciBlockIo>;

/** @returns undefined when nothing is limited. @throws InvalidParameter for a path that is no block device */
export function buildBlockIo(settings: ResourceSettings): OciBlockIo | undefined {
  const result: OciBlockIo = {};
  if (settings.blkioWeight) result.weight = settings.blkioWeight;
  if (settings.blkioWeightDevices?.length) {
    result.weightDevice = settings.blkioWeightDevices.map(({ path, weight }) => ({
      ...numberOf(path),
      weight,
    }));
  }
  for (const [kind, name] of Object.entries(ociNames) as [
    BlkioThrottle,
    (typeof ociNames)[BlkioThrottle],
  ][]) {
    const throttles = settings.blkioThrottles?.[kind] ?? [];
    if (throttles.length > 0) result[name] = throttles.map(({ path, rate }) => ({ ...numberOf(path), rate }));
  }
  return Object.keys(result).length > 0 ? result : undefined;
}

function numberOf(path: string): DeviceNumber {
  const stats = fs.statSync(path, { bigint: true, throwIfNoEntry: false });
  if (stats === undefined) throw new DhowError('InvalidParameter', `no such device: ${path}`);
  if (!stats.isBlockDevice()) throw new DhowError('InvalidParameter', `${path} is not a block device`);
  return splitDeviceNumber(stats.rdev);
}
