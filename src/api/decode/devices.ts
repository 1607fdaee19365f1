import path from 'node:path';
import type { Fields } from '#api/decode/fields.ts';
import { DhowError } from '#errors/error.ts';
import type { DeviceSettings } from '#runtime/spec.ts';

/** Docker's `Devices`. The device itself is looked at when the container starts. @throws InvalidParameter */
export function decodeDevices(fields: Fields): DeviceSettings[] {
  return fields.objects('Devices').map((device) => {
    const hostPath = device.text('PathOnHost');
    const containerPath = device.text('PathInContainer') || hostPath;
    const permissions = device.text('CgroupPermissions') || 'rwm';
    for (const [name, value] of [
      ['PathOnHost', hostPath],
      ['PathInContainer', containerPath],
    ] as const) {
      if (!path.posix.isAbsolute(value)) {
        throw new DhowError('InvalidParameter', `${device.nameOf(name)} "${value}" must be an absolute path`);
      }
    }
    if (!/^[rwm]{1,3}$/.test(permissions) || new Set(permissions).size !== permissions.length) {
      throw new DhowError(
        'InvalidParameter',
        `invalid device mode: ${permissions.slice(0, 20)} (${device.nameOf('CgroupPermissions')})`,
      );
    }
    return {
      hostPath: path.posix.normalize(hostPath),
      containerPath: path.posix.normalize(containerPath),
      permissions,
    };
  });
}
