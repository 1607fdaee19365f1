import { DhowError } from '#errors/error.ts';
import type { Platform } from '#image/platform.ts';

/** @throws InvalidParameter, in Docker's words, for an image whose layers are no trees of files that Linux knows */
export function requireUsableSystem({ os }: Pick<Platform, 'os'>): void {
  if (os !== 'windows') return;
  throw new DhowError(
    'InvalidParameter',
    `image operating system ${JSON.stringify(os)} cannot be used on this platform`,
  );
}
