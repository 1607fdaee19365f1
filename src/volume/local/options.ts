import { DhowError } from '#errors/error.ts';
import { parseByteSize } from '#volume/byte-size.ts';

/** What the options of a volume ask for. */
export type VolumeKind =
  | { kind: 'directory'; sizeBytes?: number }
  /** As mount(8) has them; `options` may be empty. */
  | { kind: 'mount'; type: string; device: string; options: string };

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
  const { type, device, o, size } = options;
  if (Object.values(options).some((value) => /[\0\n]/.test(value))) {
    throw new DhowError('InvalidParameter', 'options of a volume must not contain line breaks');
  }
  // Docker wants them to be there, and takes empty ones for none.
  if (type === undefined && (device ?? o) !== undefined) throw missing('type');
  if (device === undefined && (type ?? o) !== undefined) throw missing('device');
  if (!type && !device) {
    return { kind: 'directory', ...(size === undefined ? {} : { sizeBytes: parseByteSize(size) }) };
  }
  if (!device) throw missing('device');
  if (size !== undefined) {
    throw new DhowError(
      'InvalidParameter',
      'size limits a volume of files; what is mounted has limits of its own (for tmpfs: --opt o=size=100m)',
    );
  }
  return { kind: 'mount', type: type || 'none', device, options: o ?? '' };
}

function missing(name: string): DhowError {
  return new DhowError('InvalidParameter', `missing required option: "${name}"`);
}
