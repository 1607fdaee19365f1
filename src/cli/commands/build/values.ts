import fs from 'node:fs';
import path from 'node:path';
import { DhowError } from '#errors/error.ts';

/** What headers can carry, encoded. */
const maxSecretBytes = 120 * 1024;

/** `id=name,src=file`, `id=name,env=VARIABLE`, or `id=name` for the variable or file of that name. */
export function readSecret(
  text: string,
  {
    environment,
    workingDirectory,
  }: { environment: Readonly<Record<string, string | undefined>>; workingDirectory: string },
): [id: string, content: Buffer] {
  const fields = parseFields(text, 'secret');
  const allowed = new Set(['id', 'src', 'source', 'env', 'type']);
  const unknown = [...fields.keys()].find((name) => !allowed.has(name));
  if (unknown !== undefined)
    throw new DhowError('InvalidParameter', `"${unknown}" is no field of a secret: id, src, env`);
  const source = fields.get('src') ?? fields.get('source');
  const variable = fields.get('env');
  const id = fields.get('id') ?? variable ?? (source && path.basename(source));
  if (!id) throw new DhowError('InvalidParameter', 'a secret needs an id: id=name,src=file');
  const name = variable ?? (source === undefined ? id : undefined);
  const value = name === undefined ? undefined : environment[name];
  if (value !== undefined) return [id, Buffer.from(value)];
  if (variable !== undefined) {
    throw new DhowError('NotFound', `the secret "${id}" is not there: the variable ${variable} is not set`);
  }
  const file = path.resolve(workingDirectory, source ?? id);
  let content: Buffer;
  try {
    content = fs.readFileSync(file);
  } catch (cause) {
    throw new DhowError('NotFound', `cannot read the secret "${id}" from ${file}`, { cause });
  }
  if (content.length > maxSecretBytes) {
    throw new DhowError(
      'InvalidParameter',
      `the secret "${id}" has ${content.length} bytes; the most is ${maxSecretBytes}`,
    );
  }
  return [id, content];
}

export function secretsHeader(secrets: readonly [string, Buffer][]): Record<string, string> {
  if (secrets.length === 0) return {};
  const encoded = Object.fromEntries(secrets.map(([id, content]) => [id, content.toString('base64')]));
  return { 'X-Dhow-Build-Secrets': Buffer.from(JSON.stringify(encoded)).toString('base64url') };
}

/** `name=value`, or `name` for the variable of that name; without one the argument is not given. */
export function readBuildArgs(
  texts: readonly string[],
  environment: Readonly<Record<string, string | undefined>>,
): Record<string, string> {
  const given: Record<string, string> = {};
  // Set for reproducible builds everywhere, so it counts without being named.
  const epoch = environment['SOURCE_DATE_EPOCH'];
  if (epoch) given['SOURCE_DATE_EPOCH'] = epoch;
  for (const text of texts) {
    const equals = text.indexOf('=');
    const name = equals === -1 ? text : text.slice(0, equals);
    const value = equals === -1 ? environment[name] : text.slice(equals + 1);
    if (value !== undefined) given[name] = value;
  }
  return given;
}

function parseFields(text: string, what: string): Map<string, string> {
  const fields = new Map<string, string>();
  for (const part of text.split(',')) {
    const equals = part.indexOf('=');
    if (equals === -1)
      throw new DhowError('InvalidParameter', `"${part}" of a ${what} is not of the form name=value`);
    fields.set(part.slice(0, equals), part.slice(equals + 1));
  }
  return fields;
}
