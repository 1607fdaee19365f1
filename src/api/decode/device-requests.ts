import type { Fields } from '#api/decode/fields.ts';
import type { HostSettings } from '#engine/container-settings.ts';
import { DhowError } from '#errors/error.ts';

/** Docker's `DeviceRequests`. Whether there are such devices is seen when the container starts. @throws InvalidParameter */
export function decodeDeviceRequests(fields: Fields): HostSettings['deviceRequests'] {
  return fields.objects('DeviceRequests').map((request) => {
    const count = request.integer('Count');
    const ids = request.texts('DeviceIDs');
    if (count !== 0 && ids.length > 0) {
      throw new DhowError('InvalidParameter', 'cannot set both Count and DeviceIDs on device request');
    }
    if (count < -1) {
      throw new DhowError('InvalidParameter', `${request.nameOf('Count')} must be -1, for all, or a number`);
    }
    request.refuse(['Options']);
    return { driver: request.text('Driver'), count, ids, capabilities: decodeCapabilities(request) };
  });
}

function decodeCapabilities(request: Fields): string[][] {
  return request.list('Capabilities').map((all) => {
    if (Array.isArray(all) && all.every((each) => typeof each === 'string')) return all;
    throw new DhowError(
      'InvalidParameter',
      `${request.nameOf('Capabilities')} must be an array of arrays of strings`,
    );
  });
}
