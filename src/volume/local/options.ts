import { DhowError } from '#errors/error.ts';

/** What the options of a volume ask for. */
export type VolumeKind =
  | { kind: 'directory'; sizeBytes?: number }
  /** As mount(8) has them; `options` may be empty. */
  | { kind: 'mount'; type: string; device: string; options: string };

const units: Readonly<Record<string, number>> = { '': 0, b: 0, k: 1, m: 2, g: 3, t: 4, p: 5 };

/**
 * Reads the options of Docker's local driver: `type`, `device` and `o` as for mount(8), or `size`, the most bytes that the volume may hold.
 * @throws InvalidParameter in Docker's words
 */
export function readVolumeOptions(options: Readonly<Record<string, string>>): VolumeKind {
  const unknown = Object.keys(options).find((name) => !['type', 'device', 'o', 'size'].includes(name));
  if (unknown !== undefined) {
    throw new DhowError(
      'InvalidParameter',
      `invalid option: "${unknown.slice(0, 60)}" (known are type, device, o and size)`,
    );
  }
  const { type = '', device = '', o = '', size } = options;
  if (Object.values(options).some((value) => /[\0\n]/.test(value))) {
    throw new DhowError('InvalidParameter', 'options of a volume must not contain line breaks');
  }
  if (type === '' && device === '' && o === '') {
    return { kind: 'directory', ...(size === undefined ? {} : { sizeBytes: readSize(size) }) };
  }
  if (type === '') throw missing('type');
  if (device === '') throw missing('device');
  if (size !== undefined) {
    throw new DhowError(
      'InvalidParameter',
      'size limits a volume of files; what is mounted has limits of its own (for tmpfs: --opt o=size=100m)',
    );
  }
  return { kind: 'mount', type, device, options: o };
}

function missing(name: string): DhowError {
  return new DhowError('InvalidParameter', `missing required option: "${name}"`);
}

/** Such as `10G`, `512m` or `4096`; units are powers of 1024. */
function readSize(text: string): number {
  const match = /^(\d+(?:\.\d+)?)\s?([bkmgtp]?)(?:i?b)?$/i.exec(text.trim());
  const power = units[match?.[2]?.toLowerCase() ?? '-'];
  const bytes = Math.floor(Number(match?.[1]) * 1024 ** (power ?? Number.NaN));
  if (Number.isSafeInteger(bytes) && bytes > 0) return bytes;
  throw new DhowError('InvalidParameter', `invalid size: "${text.slice(0, 60)}"`);
}
