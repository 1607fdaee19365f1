import { DhowError } from '#errors/error.ts';

/** Where a build's result goes. Without any, the image stays in the daemon. */
export type BuildOutput =
  | { type: 'image'; names: string[]; push: boolean }
  /** The files of the image in a directory of the user's. */
  | { type: 'local'; dest: string }
  /** The files of the image as a tar; `-` is standard output. */
  | { type: 'tar'; dest: string }
  /** An archive of the image, which is both what `docker load` reads and an OCI layout. */
  | { type: 'archive'; dest: string; format: 'docker' | 'oci' };

/** @throws Unsupported for what one file or directory cannot hold of several platforms */
export function checkPlatforms(outputs: readonly BuildOutput[], platform: string | undefined): void {
  if (!platform?.includes(',')) return;
  for (const output of outputs) {
    const kind = output.type === 'archive' ? output.format : output.type;
    if (kind !== 'tar' && kind !== 'docker') continue;
    throw new DhowError(
      'Unsupported',
      `an output of type ${kind} cannot hold several platforms: there are image, registry, oci and local`,
    );
  }
}

/**
 * `type=local,dest=directory` and the like; a bare path is a directory, and `-` a tar on standard output.
 * @throws InvalidParameter; Unsupported
 */
export function parseOutput(text: string): BuildOutput {
  if (text === '-') return { type: 'tar', dest: '-' };
  if (!text.includes('=')) return { type: 'local', dest: text };
  const fields = new Map<string, string>();
  for (const part of text.split(',')) {
    const equals = part.indexOf('=');
    if (equals === -1) throw new DhowError('InvalidParameter', `"${part}" is not of the form name=value`);
    fields.set(part.slice(0, equals).toLowerCase(), part.slice(equals + 1));
  }
  const take = (name: string): string | undefined => {
    const value = fields.get(name);
    fields.delete(name);
    return value;
  };
  const type = take('type');
  const dest = take('dest');
  const name = take('name');
  const push = take('push') === 'true' || type === 'registry';
  const [unknown] = fields.keys();
  if (unknown !== undefined)
    throw new DhowError('Unsupported', `the output option "${unknown}" is not supported`);
  const names = name === undefined ? [] : name.split(',');
  switch (type) {
    case 'image':
    case 'registry':
      return { type: 'image', names, push };
    case 'docker':
    case 'oci':
      if (dest !== undefined) return { type: 'archive', dest, format: type };
      if (type === 'docker') return { type: 'image', names, push };
      return { type: 'archive', dest: '-', format: type };
    case 'tar':
      return { type: 'tar', dest: dest ?? '-' };
    case 'local':
      if (dest === undefined) throw new DhowError('InvalidParameter', 'an output of type local needs a dest');
      return { type: 'local', dest };
    default:
      throw new DhowError(
        'InvalidParameter',
        `unknown type of output "${type ?? ''}": there are image, registry, docker, oci, tar and local`,
      );
  }
}
