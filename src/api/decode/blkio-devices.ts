import type { Fields } from '#api/decode/fields.ts';
import { DhowError } from '#errors/error.ts';
import type { BlkioThrottle, ResourceSettings } from '#runtime/spec.ts';

const throttleFields = {
  readBps: 'BlkioDeviceReadBps',
  writeBps: 'BlkioDeviceWriteBps',
  readIops: 'BlkioDeviceReadIOps',
  writeIops: 'BlkioDeviceWriteIOps',
} as const satisfies Record<BlkioThrottle, string>;

/** Limits of single block devices. @throws InvalidParameter */
export function decodeBlkioDevices(
  fields: Fields,
): Pick<ResourceSettings, 'blkioWeightDevices' | 'blkioThrottles'> {
  const weights = fields.objects('BlkioWeightDevice').map((device) => {
    const weight = device.integer('Weight');
    if (weight < 10 || weight > 1000) {
      throw new DhowError('InvalidParameter', 'Range of blkio weight is from 10 to 1000');
    }
    return { path: pathOf(device), weight };
  });
  const throttles: NonNullable<ResourceSettings['blkioThrottles']> = {};
  for (const [kind, name] of Object.entries(throttleFields) as [BlkioThrottle, string][]) {
    const devices = fields.objects(name).map((device) => ({ path: pathOf(device), rate: rateOf(device) }));
    if (devices.length > 0) throttles[kind] = devices;
  }
  return {
    ...(weights.length > 0 ? { blkioWeightDevices: weights } : {}),
    ...(Object.keys(throttles).length > 0 ? { blkioThrottles: throttles } : {}),
  };
}

function pathOf(device: Fields): string {
  const path = device.text('Path');
  if (path.startsWith('/')) return path;
  throw new DhowError(
    'InvalidParameter',
    `${device.nameOf('Path')} "${path.slice(0, 60)}" must be an absolute path`,
  );
}

function rateOf(device: Fields): number {
  const rate = device.integer('Rate');
  if (rate > 0) return rate;
  throw new DhowError('InvalidParameter', `${device.nameOf('Rate')} must be a positive number per second`);
}
