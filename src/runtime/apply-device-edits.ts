import type { CdiDeviceNode, DeviceEdits } from '#runtime/device-edits.ts';
import type { OciDeviceRule, OciMount, OciSpec } from '#runtime/oci.ts';
import { type DeviceNode, readDevices } from '#runtime/spec/devices.ts';

/**
 * Adds what devices need to a container's configuration: after its own, so that it wins.
 * @throws InvalidParameter when a device is not on the host
 */
export function applyDeviceEdits(spec: OciSpec, edits: DeviceEdits): OciSpec {
  const added = edits.deviceNodes.map(findNode);
  const paths = new Set(added.map(({ node }) => node.path));
  const { process, linux } = spec;
  const { user } = process;
  const hooks: NonNullable<OciSpec['hooks']> = {};
  for (const { point, ...hook } of edits.hooks) hooks[point] = [...(hooks[point] ?? []), hook];
  const names = new Set(edits.env.map(nameOf));
  return {
    ...spec,
    process: {
      ...process,
      env: [...process.env.filter((entry) => !names.has(nameOf(entry))), ...edits.env],
      user: { ...user, additionalGids: [...(user.additionalGids ?? []), ...edits.additionalGids] },
    },
    mounts: [...spec.mounts, ...edits.mounts.map(toMount)],
    ...(edits.hooks.length > 0 ? { hooks } : {}),
    linux: {
      ...linux,
      devices: [
        ...(linux.devices ?? []).filter(({ path }) => !paths.has(path)),
        ...added.map(({ node }) => node),
      ],
      resources: {
        ...linux.resources,
        devices: [...(linux.resources.devices ?? []), ...added.map(({ rule }) => rule)],
      },
    },
  };
}

function findNode(wished: CdiDeviceNode): { node: DeviceNode; rule: OciDeviceRule } {
  const { hostPath, containerPath, permissions, ...given } = wished;
  const { type, major, minor } = given;
  // Nothing is looked up that is said.
  const found =
    type !== undefined && major !== undefined && minor !== undefined
      ? { path: containerPath, type, major, minor }
      : readDevices({ hostPath, containerPath, permissions }).nodes[0];
  const node = { path: containerPath, type: 'c', major: 0, minor: 0, ...found, ...given };
  const rule: OciDeviceRule = {
    allow: true,
    type: node.type === 'b' ? 'b' : 'c',
    major: node.major,
    minor: node.minor,
    access: permissions,
  };
  return { node, rule };
}

function toMount({ hostPath, containerPath, type, options }: DeviceEdits['mounts'][number]): OciMount {
  const isBind = type === '' || type === 'bind';
  const says = options.some((option) => option === 'bind' || option === 'rbind');
  return {
    destination: containerPath,
    type: isBind ? 'bind' : type,
    source: hostPath,
    options: isBind && !says ? ['rbind', ...options] : options,
  };
}

function nameOf(entry: string): string {
  return entry.split('=', 1)[0] ?? '';
}
