import { decodePlatformObject } from '#api/decode/platform.ts';
import type { ImageRecord } from '#api/engine-values.ts';
import { DhowError } from '#errors/error.ts';
import { formatPlatform, matchesPlatform } from '#image/platform.ts';

/**
 * An image here has one platform: asking for another one finds nothing.
 * @param text the query parameter `platform`; empty asks for none
 * @throws NotFound in Docker's words; InvalidParameter
 */
export function requirePlatform(image: ImageRecord, text: string): void {
  const platform = decodePlatformObject(text);
  if (platform === undefined || matchesPlatform(image.config, platform)) return;
  throw new DhowError(
    'NotFound',
    `image with reference ${image.tags[0] ?? image.id} was found but does not provide the specified platform (${formatPlatform(platform)})`,
    { reason: 'image-not-found' },
  );
}
