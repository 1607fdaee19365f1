import type { MountSettings } from '#engine/container-settings.ts';
import type { Mount } from '#wire/host-config.ts';

/** One `--mount`, as it was asked for. */
export function encodeMountSettings(mount: MountSettings): Mount {
  switch (mount.type) {
    case 'bind':
      return {
        Type: 'bind',
        Source: mount.source,
        Target: mount.target,
        ...(mount.readonly ? { ReadOnly: true } : {}),
        BindOptions: {
          Propagation: mount.propagation,
          ...(mount.recursive ? {} : { NonRecursive: true }),
          ...(mount.createSource ? { CreateMountpoint: true } : {}),
          ...(mount.readonlyBelow === 'never' ? { ReadOnlyNonRecursive: true } : {}),
          ...(mount.readonlyBelow === 'always' ? { ReadOnlyForceRecursive: true } : {}),
        },
      };
    case 'volume':
      return encodeVolumeMount(mount);
    case 'image':
      return {
        Type: 'image',
        Source: mount.source,
        Target: mount.target,
        ...(mount.subpath === undefined ? {} : { ImageOptions: { Subpath: mount.subpath } }),
      };
    case 'tmpfs':
      return encodeTmpfs(mount.target, mount.options);
  }
}

function encodeVolumeMount(mount: Extract<MountSettings, { type: 'volume' }>): Mount {
  const options = {
    ...(mount.copyUp ? {} : { NoCopy: true }),
    ...(mount.labels === undefined ? {} : { Labels: mount.labels }),
    ...(mount.options === undefined ? {} : { DriverConfig: { Name: 'local', Options: mount.options } }),
    ...(mount.subpath === undefined ? {} : { Subpath: mount.subpath }),
  };
  return {
    Type: 'volume',
    ...(mount.name === '' ? {} : { Source: mount.name }),
    Target: mount.target,
    ...(mount.readonly ? { ReadOnly: true } : {}),
    ...(Object.keys(options).length > 0 ? { VolumeOptions: options } : {}),
  };
}

/** Size and mode have fields of their own, the rest goes as pairs. */
function encodeTmpfs(target: string, options: readonly string[]): Mount {
  const pairs = options.map((option) => option.split('='));
  const value = (name: string): string | undefined => pairs.find(([key]) => key === name)?.[1];
  const size = value('size');
  const mode = value('mode');
  const rest = pairs.filter(([key = '']) => !['size', 'mode', 'ro'].includes(key));
  return {
    Type: 'tmpfs',
    Target: target,
    ...(options.includes('ro') ? { ReadOnly: true } : {}),
    TmpfsOptions: {
      ...(size === undefined ? {} : { SizeBytes: Number(size) }),
      ...(mode === undefined ? {} : { Mode: Number.parseInt(mode, 8) }),
      ...(rest.length > 0 ? { Options: rest } : {}),
    },
  };
}
