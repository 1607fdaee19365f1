import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DhowError, messageOf } from '#errors/error.ts';

/**
 * Contexts: names for daemons, in the files of Docker's CLI, so that both see the same ones.
 *
 *   <config>/contexts/meta/<sha256 of the name>/meta.json
 *   <config>/contexts/tls/<sha256 of the name>/docker/{ca,cert,key}.pem
 *   <config>/config.json: `currentContext`
 */
export interface ContextRecord {
  name: string;
  description: string;
  /** As `--host` takes it. */
  host: string;
  skipTlsVerify: boolean;
}

export type TlsFiles = Partial<Record<'ca' | 'cert' | 'key', string>>;

/** The context that is always there: the daemon that the environment or the default socket names. */
export const defaultContext = 'default';

export const tlsNames = ['ca', 'cert', 'key'] as const;
const namePattern = /^[a-zA-Z0-9][a-zA-Z0-9_.+-]+$/;

/** @throws InvalidParameter in Docker's words */
export function checkContextName(name: string): void {
  if (name === defaultContext)
    throw new DhowError('InvalidParameter', '"default" is a reserved context name');
  if (namePattern.test(name)) return;
  throw new DhowError(
    'InvalidParameter',
    `context name "${name}" is invalid, names are validated against regexp "${namePattern.source}"`,
  );
}

/** By name. A directory that holds no readable context is left out, as another tool may be about to write it. */
export function listContexts(configDirectory: string): ContextRecord[] {
  let ids: string[];
  try {
    ids = readdirSync(join(configDirectory, 'contexts/meta'));
  } catch {
    return [];
  }
  const found = ids.map((id) => readRecord(join(configDirectory, 'contexts/meta', id, 'meta.json')));
  return found.filter((record) => record !== undefined).sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** @throws NotFound in Docker's words */
export function getContext(configDirectory: string, name: string): ContextRecord {
  const record = readRecord(metaFile(configDirectory, name));
  if (record !== undefined) return record;
  throw new DhowError(
    'NotFound',
    `context "${name}": context not found: open ${metaFile(configDirectory, name)}: no such file or directory`,
  );
}

export function hasContext(configDirectory: string, name: string): boolean {
  return readRecord(metaFile(configDirectory, name)) !== undefined;
}

/** Creates or replaces. What `tls` leaves out is removed. */
export function writeContext(configDirectory: string, record: ContextRecord, tls: TlsFiles): void {
  const { name } = record;
  removeTls(configDirectory, name);
  for (const key of tlsNames) {
    if (tls[key] !== undefined) writeWhole(tlsFile(configDirectory, name, key), tls[key], 0o600);
  }
  writeWhole(metaFile(configDirectory, name), encodeRecord(record), 0o644);
}

/** The text of `meta.json`. */
export function encodeRecord({ name, description, host, skipTlsVerify }: ContextRecord): string {
  return JSON.stringify({
    Name: name,
    Metadata: description === '' ? {} : { Description: description },
    Endpoints: { docker: { Host: host, SkipTLSVerify: skipTlsVerify } },
  });
}

export function removeContext(configDirectory: string, name: string): void {
  getContext(configDirectory, name);
  rmSync(join(configDirectory, 'contexts/meta', idOf(name)), { recursive: true, force: true });
  removeTls(configDirectory, name);
}

/** PEM texts. */
export function readTlsFiles(configDirectory: string, name: string): TlsFiles {
  const files: TlsFiles = {};
  for (const key of tlsNames) {
    const text = readText(tlsFile(configDirectory, name, key));
    if (text !== undefined) files[key] = text;
  }
  return files;
}

/** The context that the user has chosen with `context use`; undefined for none and for the default one. */
export function currentContext(configDirectory: string): string | undefined {
  const text = readText(join(configDirectory, 'config.json'));
  // Most have no such choice, and this is on the way of every command.
  if (!text?.includes('"currentContext"')) return undefined;
  try {
    const config: unknown = JSON.parse(text);
    const name =
      typeof config === 'object' && config !== null && 'currentContext' in config
        ? config.currentContext
        : '';
    return typeof name === 'string' && name !== '' && name !== defaultContext ? name : undefined;
  } catch {
    return undefined;
  }
}

function readRecord(file: string): ContextRecord | undefined {
  const text = readText(file);
  return text === undefined ? undefined : decodeRecord(text);
}

/** @returns undefined for what is no `meta.json` */
export function decodeRecord(text: string): ContextRecord | undefined {
  try {
    const { Name, Metadata, Endpoints } = JSON.parse(text) as {
      Name: string;
      Metadata?: { Description?: string };
      Endpoints?: { docker?: { Host?: string; SkipTLSVerify?: boolean } };
    };
    return {
      name: String(Name),
      description: Metadata?.Description ?? '',
      host: Endpoints?.docker?.Host ?? '',
      skipTlsVerify: Endpoints?.docker?.SkipTLSVerify === true,
    };
  } catch {
    return undefined;
  }
}

function readText(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
    throw new DhowError('InvalidParameter', `cannot read ${file}: ${messageOf(error)}`, { cause: error });
  }
}

function writeWhole(file: string, text: string, mode: number): void {
  const unfinished = `${file}.${process.pid}.new`;
  try {
    mkdirSync(join(file, '..'), { recursive: true, mode: 0o755 });
    writeFileSync(unfinished, text, { mode });
    renameSync(unfinished, file);
  } catch (cause) {
    throw new DhowError('InvalidParameter', `cannot write ${file}: ${messageOf(cause)}`, { cause });
  }
}

function removeTls(configDirectory: string, name: string): void {
  rmSync(join(configDirectory, 'contexts/tls', idOf(name)), { recursive: true, force: true });
}

function metaFile(configDirectory: string, name: string): string {
  return join(configDirectory, 'contexts/meta', idOf(name), 'meta.json');
}

function tlsFile(configDirectory: string, name: string, key: (typeof tlsNames)[number]): string {
  return join(configDirectory, 'contexts/tls', idOf(name), 'docker', `${key}.pem`);
}

/** Directories are named so, whatever characters a name has. */
export function idOf(name: string): string {
  // Loaded here: it takes five milliseconds, and every command reads this file.
  const { createHash } = process.getBuiltinModule('node:crypto');
  return createHash('sha256').update(name).digest('hex');
}
