import { parseBytes } from '#cli/commands/container/values/sizes.ts';
import { DhowError } from '#errors/error.ts';
import type { ThrottleDevice, WeightDevice } from '#wire/host-config.ts';

/** `/dev/sda:300` */
export function parseWeightDevice(text: string): WeightDevice {
  const [path, value] = split(text);
  const weight = Number(value);
  if (!/^\d+$/.test(value) || (weight !== 0 && (weight < 10 || weight > 1000))) {
    throw new DhowError('InvalidParameter', `invalid weight for device: ${text}`);
  }
  return { Path: path, Weight: weight };
}

/** `/dev/sda:10mb` */
export function parseByteRate(text: string): ThrottleDevice {
  const [path, value] = split(text);
  const rate = parseBytes(value);
  if (rate > 0) return { Path: path, Rate: rate };
  throw new DhowError(
    'InvalidParameter',
    `invalid rate for device: ${text}. The rate must be a positive number of bytes`,
  );
}

/** `/dev/sda:100` */
export function parseOperationRate(text: string): ThrottleDevice {
  const [path, value] = split(text);
  if (/^[1-9]\d{0,14}$/.test(value)) return { Path: path, Rate: Number(value) };
  throw new DhowError(
    'InvalidParameter',
    `invalid rate for device: ${text}. The rate must be a positive integer`,
  );
}

function split(text: string): [path: string, value: string] {
  const colon = text.indexOf(':');
  const path = text.slice(0, colon);
  if (colon < 1 || !path.startsWith('/dev/')) {
    throw new DhowError('InvalidParameter', `bad format for device path: ${text}: expected /dev/NAME:VALUE`);
  }
  return [path, text.slice(colon + 1)];
}
