import { resolve } from 'node:path';
import { parseBytes } from '#cli/commands/container/values/sizes.ts';
import { DhowError } from '#errors/error.ts';
import type { Mount } from '#wire/host-config.ts';

/** Sets one field of a mount from the text behind its key. */
type Setter = (mount: Mount, value: string, key: string) => void;

const setType: Setter = (mount, value) => {
  mount.Type = value.toLowerCase();
};
const setSource: Setter = (mount, value) => {
  mount.Source = value;
};
const setTarget: Setter = (mount, value) => {
  mount.Target = value;
};
const setReadonly: Setter = (mount, value, key) => {
  mount.ReadOnly = parseSwitch(key, value);
};

const setters: Readonly<Record<string, Setter>> = {
  type: setType,
  source: setSource,
  src: setSource,
  target: setTarget,
  dst: setTarget,
  destination: setTarget,
  readonly: setReadonly,
  ro: setReadonly,
  consistency: (mount, value) => {
    mount.Consistency = value.toLowerCase();
  },
  'bind-propagation': (mount, value) => {
    mount.BindOptions = { ...mount.BindOptions, Propagation: value.toLowerCase() };
  },
  'bind-nonrecursive': (mount, value, key) => {
    mount.BindOptions = { ...mount.BindOptions, NonRecursive: parseSwitch(key, value) };
  },
  'bind-create-src': (mount, value, key) => {
    mount.BindOptions = { ...mount.BindOptions, CreateMountpoint: parseSwitch(key, value) };
  },
  'bind-recursive': (mount, value, key) => {
    const meanings: Record<string, NonNullable<Mount['BindOptions']>> = {
      enabled: {},
      disabled: { NonRecursive: true },
      writable: { ReadOnlyNonRecursive: true },
      readonly: { ReadOnlyForceRecursive: true },
    };
    const meaning = meanings[value];
    if (meaning === undefined)
      throw refused(key, value, 'must be "enabled", "disabled", "writable", or "readonly"');
    mount.BindOptions = { ...mount.BindOptions, ...meaning };
  },
  'volume-nocopy': (mount, value, key) => {
    mount.VolumeOptions = { ...mount.VolumeOptions, NoCopy: parseSwitch(key, value) };
  },
  'volume-subpath': (mount, value) => {
    mount.VolumeOptions = { ...mount.VolumeOptions, Subpath: value };
  },
  'volume-label': (mount, value) => {
    const labels = { ...mount.VolumeOptions?.Labels, ...pair(value) };
    mount.VolumeOptions = { ...mount.VolumeOptions, Labels: labels };
  },
  'volume-driver': (mount, value) => {
    const driver = { ...mount.VolumeOptions?.DriverConfig, Name: value };
    mount.VolumeOptions = { ...mount.VolumeOptions, DriverConfig: driver };
  },
  'volume-opt': (mount, value) => {
    const earlier = mount.VolumeOptions?.DriverConfig;
    const driver = { ...earlier, Options: { ...earlier?.Options, ...pair(value) } };
    mount.VolumeOptions = { ...mount.VolumeOptions, DriverConfig: driver };
  },
  'image-subpath': (mount, value) => {
    mount.ImageOptions = { Subpath: value };
  },
  'tmpfs-size': (mount, value) => {
    mount.TmpfsOptions = { ...mount.TmpfsOptions, SizeBytes: parseBytes(value) };
  },
  'tmpfs-mode': (mount, value, key) => {
    if (!/^0?[0-7]{1,4}$/.test(value)) throw refused(key, value, 'is no octal mode');
    mount.TmpfsOptions = { ...mount.TmpfsOptions, Mode: Number.parseInt(value, 8) };
  },
};

/**
 * One `--mount`: comma-separated `key=value` fields, quoted as in CSV. The type defaults to `volume`; a relative source of a
 * bind is taken from `directory`.
 *
 * @throws InvalidParameter naming the field
 */
export function parseMount(text: string, directory: string): Mount {
  const mount: Mount = { Type: 'volume' };
  for (const field of splitCsv(text)) {
    const equals = field.indexOf('=');
    const key = (equals === -1 ? field : field.slice(0, equals)).toLowerCase();
    const setter = Object.hasOwn(setters, key) ? setters[key] : undefined;
    const isSwitch = ['readonly', 'ro', 'volume-nocopy', 'bind-nonrecursive', 'bind-create-src'].includes(
      key,
    );
    if (equals === -1 && !isSwitch) {
      throw new DhowError('InvalidParameter', `invalid field '${field}' must be a key=value pair`);
    }
    if (setter === undefined)
      throw new DhowError('InvalidParameter', `unexpected key '${key}' in '${field}'`);
    setter(mount, equals === -1 ? 'true' : field.slice(equals + 1), key);
  }
  if (!mount.Type) throw new DhowError('InvalidParameter', 'type is required');
  if (!mount.Target) throw new DhowError('InvalidParameter', 'target is required');
  const foreign = (
    [
      ['bind', 'BindOptions'],
      ['volume', 'VolumeOptions'],
      ['tmpfs', 'TmpfsOptions'],
      ['image', 'ImageOptions'],
    ] as const
  ).find(([type, options]) => mount[options] !== undefined && mount.Type !== type);
  if (foreign !== undefined) {
    throw new DhowError(
      'InvalidParameter',
      `cannot mix '${foreign[0]}-*' options with mount type '${mount.Type}'`,
    );
  }
  if (mount.Type === 'bind' && mount.Source && /^\.{1,2}(\/|$)/.test(mount.Source)) {
    mount.Source = resolve(directory, mount.Source);
  }
  return mount;
}

function parseSwitch(key: string, value: string): boolean {
  if (/^(1|t|true)$/i.test(value)) return true;
  if (/^(0|f|false)$/i.test(value)) return false;
  throw refused(key, value, 'is neither true nor false');
}

function refused(key: string, value: string, why: string): DhowError {
  return new DhowError('InvalidParameter', `invalid value for ${key}: ${value}: ${why}`);
}

function pair(text: string): Record<string, string> {
  const equals = text.indexOf('=');
  return equals === -1 ? { [text]: '' } : { [text.slice(0, equals)]: text.slice(equals + 1) };
}

/** One record of RFC 4180: a field that begins with a quote ends with one, and `""` in it is a quote. */
function splitCsv(text: string): string[] {
  const fields: string[] = [];
  let rest = text;
  for (;;) {
    const quoted = /^"((?:[^"]|"")*)"(,|$)/.exec(rest);
    const plain = quoted ?? /^([^",]*)(,|$)/.exec(rest);
    if (plain === null) throw new DhowError('InvalidParameter', `misplaced quote in '${text}'`);
    fields.push(quoted ? (plain[1] ?? '').replaceAll('""', '"') : (plain[1] ?? ''));
    rest = rest.slice(plain[0].length);
    if (plain[2] === '') return fields;
  }
}
