import { parseCsvLine } from '#build/dockerfile/csv.ts';
import type { MountOptions, MountType } from '#build/dockerfile/instructions.ts';
import { dockerfileError, type SourceText, type Word } from '#build/dockerfile/source.ts';
import { didYouMean } from '#build/dockerfile/suggest.ts';

const aliases: Readonly<Record<string, string>> = {
  src: 'source',
  dst: 'target',
  destination: 'target',
  ro: 'readonly',
  rw: 'readwrite',
};

const optionsOf: Readonly<Record<MountType, readonly string[]>> = {
  bind: ['target', 'source', 'from', 'readwrite', 'readonly'],
  cache: ['id', 'target', 'readonly', 'readwrite', 'sharing', 'from', 'source', 'mode', 'uid', 'gid'],
  tmpfs: ['target', 'size'],
  secret: ['id', 'target', 'env', 'required', 'mode', 'uid', 'gid'],
  ssh: ['id', 'target', 'required', 'mode', 'uid', 'gid'],
};

const mountTypes = Object.keys(optionsOf) as MountType[];

/** Options that may stand without a value. */
const switches = new Set(['readonly', 'readwrite', 'required']);

/** Reads the value of `RUN --mount`. @throws InvalidParameter */
export function parseMountOptions(source: SourceText, flag: Word): MountOptions {
  const refuse = (message: string): Error => dockerfileError(source, flag.range, message);
  const fields = parseCsvLine(flag.text);
  if (fields === undefined) throw refuse('the value of --mount has an unclosed or misplaced quote');
  const given = new Map<string, string>();
  for (const field of fields) {
    const equals = field.indexOf('=');
    const written = (equals === -1 ? field : field.slice(0, equals)).trim().toLowerCase();
    const name = aliases[written] ?? written;
    if (equals === -1 && !switches.has(name))
      throw refuse(`"${field.slice(0, 64)}" is not of the form name=value`);
    if (given.has(name)) throw refuse(`the mount option "${name}" stands here twice`);
    given.set(name, equals === -1 ? '' : field.slice(equals + 1));
  }
  const typeText = (given.get('type') ?? 'bind').toLowerCase();
  const type = mountTypes.find((candidate) => candidate === typeText);
  if (type === undefined) {
    throw refuse(`unknown mount type "${typeText.slice(0, 64)}"${didYouMean(typeText, mountTypes)}`);
  }
  given.delete('type');
  for (const name of given.keys()) {
    if (optionsOf[type].includes(name)) continue;
    throw refuse(
      `"${name.slice(0, 64)}" is no option of a ${type} mount${didYouMean(name, optionsOf[type])}`,
    );
  }
  if ((type === 'bind' || type === 'cache' || type === 'tmpfs') && !given.get('target')) {
    throw refuse(`a ${type} mount needs a target: --mount=type=${type},target=/path`);
  }
  if (given.get('from')?.includes('$')) {
    throw refuse(
      'from= takes no variables; give the image a stage of its own (FROM … AS name) and name that',
    );
  }
  return { range: flag.range, type, options: given };
}
