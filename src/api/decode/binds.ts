import path from 'node:path';
import { checkTarget } from '#api/decode/container-config.ts';
import type { MountSettings } from '#engine/container-settings.ts';
import { DhowError } from '#errors/error.ts';

export const propagations = ['private', 'rprivate', 'shared', 'rshared', 'slave', 'rslave'] as const;
export type Propagation = (typeof propagations)[number];

/** Docker's rule for names of the local volume driver. */
const volumeName = /^[a-zA-Z0-9][a-zA-Z0-9_.-]+$/;

/**
 * The text of `-v`: `target`, `source:target` or `source:target:options`. A source with a leading slash is a path on the
 * host, any other the name of a volume.
 * @throws InvalidParameter in Docker's words
 */
export function parseBind(text: string): MountSettings {
  const parts = text.split(':');
  const windowsPath = /^[A-Za-z]:\\/.test(text);
  if (windowsPath || parts.length > 3 || parts.some((part) => part === '')) throw invalid(text);
  const [source, target, optionText = ''] = parts.length === 1 ? ['', parts[0]] : parts;
  if (source === undefined || target === undefined) throw invalid(text);
  // An anonymous volume takes no options.
  if (parts.length === 2 && isMode(target)) throw invalid(text);
  const options = readOptions(optionText);
  const mode = optionText === '' ? {} : { mode: optionText };
  const type = path.posix.isAbsolute(source) ? 'bind' : 'volume';
  const refuse = (why: string): DhowError =>
    invalid(text, `: invalid mount config for type "${type}": ${why}`);
  const destination = checkTarget(target, refuse);
  if (type === 'bind') {
    if (options.nocopy) throw refuse('field VolumeOptions must not be specified');
    return {
      type: 'bind',
      source: path.posix.normalize(source).replace(/(.)\/$/, '$1'),
      target: destination,
      readonly: options.readonly,
      propagation: options.propagation ?? 'rprivate',
      recursive: true,
      createSource: true,
      ...mode,
    };
  }
  if (options.propagation !== undefined) throw refuse('field BindOptions must not be specified');
  return {
    type: 'volume',
    name: source === '' ? '' : checkVolumeName(source),
    target: destination,
    readonly: options.readonly,
    copyUp: !options.nocopy,
    ...mode,
  };
}

/** @throws InvalidParameter with Docker's hint that a path was perhaps meant */
export function checkVolumeName(name: string): string {
  if (volumeName.test(name)) return name;
  throw new DhowError(
    'InvalidParameter',
    `create ${name}: "${name}" includes invalid characters for a local volume name, only "[a-zA-Z0-9][a-zA-Z0-9_.-]" are allowed. If you intended to pass a host directory, use absolute path`,
  );
}

interface BindOptions {
  readonly: boolean;
  nocopy: boolean;
  propagation: Propagation | undefined;
}

/** Each option belongs to a group, and of a group one may be given. `z`, `Z` speak of SELinux, the last group of macOS. */
const groups = [
  ['ro', 'rw'],
  ['z', 'Z'],
  ['nocopy'],
  [...propagations],
  ['consistent', 'cached', 'delegated'],
] as const;

function isMode(text: string): boolean {
  return text.split(',').every((word) => groupOf(word) !== -1);
}

function groupOf(word: string): number {
  return groups.findIndex((members) => members.some((member) => member === word));
}

function readOptions(text: string): BindOptions {
  const words = text === '' ? [] : text.split(',');
  const used = new Set<number>();
  for (const word of words) {
    const group = groupOf(word);
    if (group === -1 || used.has(group)) {
      throw new DhowError('InvalidParameter', `invalid mode: ${text.slice(0, 100)}`);
    }
    used.add(group);
  }
  return {
    readonly: words.includes('ro'),
    nocopy: words.includes('nocopy'),
    propagation: propagations.find((propagation) => words.includes(propagation)),
  };
}

function invalid(text: string, why = ''): DhowError {
  return new DhowError('InvalidParameter', `invalid volume specification: '${text.slice(0, 300)}'${why}`);
}
