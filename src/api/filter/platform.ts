import { decodePlatformObject } from '#api/decode/platform.ts';
import type { ImageRecord } from '#api/engine-values.ts';
import type { ImageService } from '#engine/images.ts';
import { DhowError } from '#errors/error.ts';
import { formatPlatform, matchesPlatform, type Platform } from '#image/platform.ts';

/**
 * The image of a name for a platform.
 * @param text the query parameter `platform`; empty asks for none
 * @throws NotFound, in Docker's words when the name stands for no image of the platform; InvalidParameter
 */
export function imageForPlatform(
  images: Pick<ImageService, 'get'>,
  name: string,
  text: string,
): { image: ImageRecord; platform: Platform | undefined } {
  const platform = decodePlatformObject(text);
  const image = images.get(name, platform);
  if (platform === undefined || matchesPlatform(image.config, platform)) return { image, platform };
  throw new DhowError(
    'NotFound',
    `image with reference ${image.tags[0] ?? image.id} was found but does not provide the specified platform (${formatPlatform(platform)})`,
    { reason: 'image-not-found' },
  );
}
