import { DhowError } from '#errors/error.ts';
import { formatApiVersion } from '#wire/api-version.ts';

/** Debian 12's skopeo speaks 1.22. Docker's engine begins at 1.24 now; what lies between is only more. */
export const minimumApiMinor = 22;
/** The newest that a path may name: the description that the room was checked against. */
const maximumApiMinor = 56;

/** From this version on, attach and logs name their framing in the content type. */
export const framedContentTypeMinor = 42;
/** From this version on, prune of volumes spares the named ones unless `all` is asked for. */
export const pruneAnonymousOnlyMinor = 42;
/** Up to the version before, images repeat their size as VirtualSize. */
export const withoutVirtualSizeMinor = 44;
/** Up to the version before, images tell from which container they were made. */
export const withoutContainerConfigMinor = 45;

/** From this version on, lists of images tell for which platforms a name stands. */
export const imageManifestsMinor = 47;
/** From this version on, an image that is inspected does so, too. */
export const inspectManifestsMinor = 48;
/** From this version on, `info` names the firewall's driver. */
export const firewallBackendMinor = 49;
/** From this version on, `info` names the devices that CDI describes. */
export const discoveredDevicesMinor = 50;
/** From this version on, lists of containers tell their health. */
export const listedHealthMinor = 52;
/** From this version on, disk usage comes in totals by kind. */
export const groupedDiskUsageMinor = 52;

/**
 * The minor of a path's version such as `1.41`.
 * @throws InvalidParameter in Docker's words for one that is too old or too new
 */
export function parseApiVersion(text: string): number {
  const [major = 0, minor = 0] = text.split('.').map(Number);
  if (major < 1 || (major === 1 && minor < minimumApiMinor)) {
    throw new DhowError(
      'InvalidParameter',
      `client version ${text} is too old. Minimum supported API version is ${formatApiVersion(minimumApiMinor)}, please upgrade your client to a newer version`,
    );
  }
  if (major > 1 || minor > maximumApiMinor) {
    throw new DhowError(
      'InvalidParameter',
      `client version ${text} is too new. Maximum supported API version is ${formatApiVersion(maximumApiMinor)}`,
    );
  }
  return minor;
}
