import fs from 'node:fs';
import path from 'node:path';
import { DhowError } from '#errors/error.ts';
import type { OciDeviceRule, OciLinux } from '#runtime/oci.ts';
import type { DeviceSettings } from '#runtime/spec.ts';
import { hasCode } from '#sys/libc.ts';

export type DeviceNode = NonNullable<OciLinux['devices']>[number];

/** Making device nodes is allowed, using them is not, but for the harmless ones and terminals. */
export const defaultDeviceRules: OciDeviceRule[] = [
  { allow: false, access: 'rwm' },
  { allow: true, type: 'c', access: 'm' },
  { allow: true, type: 'b', access: 'm' },
  // null, zero, full, random, urandom, tty, console, ptmx, and all of devpts.
  ...(
    [
      [1, 3],
      [1, 5],
      [1, 7],
      [1, 8],
      [1, 9],
      [5, 0],
      [5, 1],
      [5, 2],
    ] as const
  ).map(([major, minor]): OciDeviceRule => ({ allow: true, type: 'c', major, minor, access: 'rwm' })),
  { allow: true, type: 'c', major: 136, access: 'rwm' },
];

export const everyDeviceRule: OciDeviceRule = { allow: true, access: 'rwm' };

/** `--device-cgroup-rule` texts such as `c 42:* rmw`. @throws InvalidParameter */
export function parseDeviceRule(text: string): OciDeviceRule {
  const match = /^([abc]) (\d+|\*):(\d+|\*) ([rwm]{1,3})$/.exec(text);
  if (!match) {
    throw new DhowError(
      'InvalidParameter',
      `invalid device cgroup rule format: ${JSON.stringify(text)} (expected such as 'c 42:* rmw')`,
    );
  }
  const [, type, major, minor, access] = match as unknown as [
    string,
    'a' | 'b' | 'c',
    string,
    string,
    string,
  ];
  return {
    allow: true,
    type,
    ...(major === '*' ? {} : { major: Number(major) }),
    ...(minor === '*' ? {} : { minor: Number(minor) }),
    access,
  };
}

/**
 * The nodes and rules for one `--device`: a device, or every device in a directory and below.
 * @throws InvalidParameter when the path is neither
 */
export function readDevices(settings: DeviceSettings): { nodes: DeviceNode[]; rules: OciDeviceRule[] } {
  const { hostPath, containerPath, permissions } = settings;
  if (!/^[rwm]{1,3}$/.test(permissions)) {
    throw new DhowError(
      'InvalidParameter',
      `invalid permissions ${JSON.stringify(permissions)} of device ${hostPath}`,
    );
  }
  const nodes = collect(hostPath, containerPath, true);
  if (nodes.length === 0)
    throw new DhowError('InvalidParameter', `cannot add device ${hostPath}: not a device`);
  return { nodes, rules: nodes.map(({ type, major, minor }) => ruleFor(type, major, minor, permissions)) };
}

/** All devices of the host, for a privileged container, without terminals: those the container has of its own. */
export function readHostDevices(): DeviceNode[] {
  const own = new Set(['pts', 'shm', 'fd', 'mqueue', 'console', '.lxc', '.lxd-mounts', '.udev']);
  return fs
    .readdirSync('/dev')
    .filter((name) => !own.has(name))
    .flatMap((name) => collect(`/dev/${name}`, `/dev/${name}`, false));
}

function ruleFor(type: string, major: number, minor: number, access: string): OciDeviceRule {
  return { allow: true, type: type === 'b' ? 'b' : 'c', major, minor, access };
}

/** @param follow whether a symlink stands for the device that it names */
function collect(hostPath: string, containerPath: string, follow: boolean): DeviceNode[] {
  let stat: fs.BigIntStats;
  try {
    stat = follow ? fs.statSync(hostPath, { bigint: true }) : fs.lstatSync(hostPath, { bigint: true });
  } catch (error) {
    // Devices come and go while a directory is read; one that was asked for by name must be there.
    if (hasCode(error, 'ENOENT', 'ENOTDIR') && !follow) return [];
    if (hasCode(error, 'ENOENT', 'ENOTDIR')) {
      throw new DhowError(
        'InvalidParameter',
        `cannot add device ${hostPath}: it does not exist on the host`,
        {
          cause: error,
        },
      );
    }
    throw error;
  }
  if (stat.isDirectory()) {
    return fs
      .readdirSync(hostPath)
      .flatMap((name) => collect(path.join(hostPath, name), path.join(containerPath, name), false));
  }
  if (!stat.isCharacterDevice() && !stat.isBlockDevice()) return [];
  return [
    {
      path: containerPath,
      type: stat.isBlockDevice() ? 'b' : 'c',
      ...splitDeviceNumber(stat.rdev),
      fileMode: Number(stat.mode & 0o777n),
      uid: Number(stat.uid),
      gid: Number(stat.gid),
    },
  ];
}

/** glibc's encoding, <sys/sysmacros.h>. */
export function splitDeviceNumber(device: bigint): { major: number; minor: number } {
  return {
    major: Number(((device >> 8n) & 0xfffn) | ((device >> 32n) & 0xfffff000n)),
    minor: Number((device & 0xffn) | ((device >> 12n) & 0xffffff00n)),
  };
}
