import path from 'node:path';
import { checkVolumeName, propagations } from '#api/decode/binds.ts';
import { checkTarget } from '#api/decode/container-config.ts';
import type { Fields } from '#api/decode/fields.ts';
import type { MountSettings } from '#engine/container-settings.ts';
import { DhowError } from '#errors/error.ts';

/** One member of `HostConfig.Mounts` (`--mount`). @throws InvalidParameter, Unsupported; both name the field */
export function decodeMount(fields: Fields): MountSettings {
  const type = fields.text('Type');
  const target = fields.text('Target');
  if (target === '') throw invalidMount(type, 'field Target must not be empty');
  // Consistency speaks of file sharing on macOS and says nothing on Linux.
  const place = checkTarget(target, (why) => invalidMount(type, why));
  fields.refuse(['ClusterOptions']);
  refuseForeignOptions(fields, type);
  switch (type) {
    case 'bind':
      return decodeBindMount(fields, place);
    case 'volume':
      return decodeVolumeMount(fields, place);
    case 'tmpfs':
      return decodeTmpfsMount(fields, place);
    case 'image':
      return decodeImageMount(fields, place);
    case 'npipe':
    case 'cluster':
      throw new DhowError(
        'Unsupported',
        `${fields.nameOf('Type')} "${type}" is not supported: use bind, volume, tmpfs or image`,
      );
    default:
      throw invalidMount(type, 'mount type unknown');
  }
}

const optionsOf = {
  BindOptions: 'bind',
  VolumeOptions: 'volume',
  TmpfsOptions: 'tmpfs',
  ImageOptions: 'image',
} as const;

function refuseForeignOptions(fields: Fields, type: string): void {
  for (const [name, owner] of Object.entries(optionsOf)) {
    if (owner !== type && fields.has(name)) throw invalidMount(type, `field ${name} must not be specified`);
  }
}

function decodeBindMount(fields: Fields, target: string): MountSettings {
  const source = fields.text('Source');
  if (source === '') throw invalidMount('bind', 'field Source must not be empty');
  if (!path.posix.isAbsolute(source)) {
    throw invalidMount('bind', `invalid mount path: '${source}' mount path must be absolute`);
  }
  const options = fields.object('BindOptions');
  const text = options.text('Propagation') || 'rprivate';
  const propagation = propagations.find((known) => known === text);
  if (propagation === undefined) throw invalidMount('bind', `invalid propagation mode: ${text.slice(0, 60)}`);
  return {
    type: 'bind',
    source: path.posix.normalize(source).replace(/(.)\/$/, '$1'),
    target,
    readonly: fields.flag('ReadOnly'),
    propagation,
    recursive: !options.flag('NonRecursive'),
    createSource: options.flag('CreateMountpoint'),
    ...decodeReadonlyBelow(fields, options, propagation),
  };
}

/** What shall be with mounts below a source that is read-only. */
function decodeReadonlyBelow(
  fields: Fields,
  options: Fields,
  propagation: string,
): { readonlyBelow?: 'never' | 'always' } {
  const [never, always] = [options.flag('ReadOnlyNonRecursive'), options.flag('ReadOnlyForceRecursive')];
  const name = never ? 'ReadOnlyNonRecursive' : 'ReadOnlyForceRecursive';
  if (!never && !always) return {};
  if (never && always) {
    throw invalidMount('bind', 'ReadOnlyNonRecursive and ReadOnlyForceRecursive exclude each other');
  }
  if (!fields.flag('ReadOnly')) throw invalidMount('bind', `${name} needs ReadOnly`);
  if (always && propagation !== 'rprivate')
    throw invalidMount('bind', `${name} needs the propagation rprivate`);
  if (always && options.flag('NonRecursive')) {
    throw invalidMount('bind', 'ReadOnlyForceRecursive and NonRecursive exclude each other');
  }
  return { readonlyBelow: never ? 'never' : 'always' };
}

function decodeVolumeMount(fields: Fields, target: string): MountSettings {
  const name = fields.text('Source');
  const options = fields.object('VolumeOptions');
  const driver = options.object('DriverConfig');
  if (!['', 'local'].includes(driver.text('Name'))) {
    throw new DhowError(
      'Unsupported',
      `volume driver "${driver.text('Name').slice(0, 60)}" is not supported: use local`,
    );
  }
  const labels = options.textMap('Labels');
  const driverOptions = driver.textMap('Options');
  const subpath = decodeSubpath(options, 'volume');
  if (name === '' && subpath.subpath !== undefined) {
    throw invalidMount('volume', 'an anonymous volume has no path but its own: name a volume');
  }
  return {
    type: 'volume',
    name: name === '' ? '' : checkVolumeName(name),
    target,
    readonly: fields.flag('ReadOnly'),
    copyUp: !options.flag('NoCopy'),
    ...subpath,
    ...(Object.keys(labels).length > 0 ? { labels } : {}),
    ...(Object.keys(driverOptions).length > 0 ? { options: driverOptions } : {}),
  };
}

/** The files of an image can be read and not written, whatever `ReadOnly` says. */
function decodeImageMount(fields: Fields, target: string): MountSettings {
  const source = fields.text('Source');
  if (source === '') throw invalidMount('image', 'field Source must not be empty');
  return { type: 'image', source, target, ...decodeSubpath(fields.object('ImageOptions'), 'image') };
}

function decodeSubpath(options: Fields, type: string): { subpath?: string } {
  const text = options.text('Subpath');
  if (text === '') return {};
  const subpath = path.posix.normalize(text).replace(/(.)\/$/, '$1');
  if (!path.posix.isAbsolute(subpath) && subpath !== '..' && !subpath.startsWith('../')) return { subpath };
  throw invalidMount(type, 'subpath must be a relative path within the volume');
}

function decodeTmpfsMount(fields: Fields, target: string): MountSettings {
  if (fields.text('Source') !== '') throw invalidMount('tmpfs', 'field Source must not be specified');
  const options = fields.object('TmpfsOptions');
  const size = options.integer('SizeBytes');
  const mode = options.integer('Mode');
  if (size < 0) throw invalidMount('tmpfs', 'TmpfsOptions.SizeBytes must not be negative');
  const words = decodeTmpfsOptions(options);
  if (fields.flag('ReadOnly')) words.push('ro');
  if (size !== 0) words.push(`size=${size}`);
  // Go's file mode keeps set-uid and its like in other bits; permissions are the lowest nine and the sticky bit is 1<<20.
  if (mode !== 0) words.push(`mode=${((mode & 0o7777) | (mode & (1 << 20) ? 0o1000 : 0)).toString(8)}`);
  return { type: 'tmpfs', target, options: words };
}

/** Pairs such as `["noexec"]` and `["uid", "1000"]`. */
function decodeTmpfsOptions(options: Fields): string[] {
  return options.list('Options').map((pair) => {
    const words: unknown[] = Array.isArray(pair) ? pair : [];
    const valid = words.length === 1 || words.length === 2;
    if (
      !valid ||
      !words.every((word): word is string => typeof word === 'string' && /^[\w.-]+$/.test(word))
    ) {
      throw invalidMount('tmpfs', 'TmpfsOptions.Options must be pairs of option and value');
    }
    return words.join('=');
  });
}

function invalidMount(type: string, why: string): DhowError {
  return new DhowError('InvalidParameter', `invalid mount config for type "${type.slice(0, 60)}": ${why}`);
}
