import { mkdir, readFile, readlink, realpath, rename, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { DhowError, messageOf } from '#errors/error.ts';

/** The part of `~/.docker/config.json` that holds credentials, or says which helper does, and the context in use. All else in it stays as it is. */
export interface ConfigFile {
  auths?: Record<string, { auth?: string; identitytoken?: string; registrytoken?: string }>;
  credsStore?: string;
  credHelpers?: Record<string, string>;
  currentContext?: string;
}

export function configPath(configDirectory: string): string {
  return join(configDirectory, 'config.json');
}

/** An empty one when there is none. @throws InvalidParameter when it is not readable as JSON */
export async function readConfigFile(configDirectory: string): Promise<ConfigFile> {
  const path = configPath(configDirectory);
  let content: string;
  try {
    content = await readFile(path, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return {};
    throw new DhowError('InvalidParameter', `cannot read ${path}: ${messageOf(error)}`, { cause: error });
  }
  try {
    const config: unknown = content.trim() === '' ? {} : JSON.parse(content);
    return typeof config === 'object' && config !== null ? config : {};
  } catch (error) {
    throw new DhowError('InvalidParameter', `${path} is not valid JSON: ${messageOf(error)}`, {
      cause: error,
    });
  }
}

/** Replaces it at once, readable by its owner only (an existing file keeps its mode). @throws InvalidParameter */
export async function writeConfigFile(configDirectory: string, config: ConfigFile): Promise<void> {
  let path = configPath(configDirectory);
  let written = '';
  try {
    await mkdir(configDirectory, { recursive: true, mode: 0o700 });
    path = await behindLinks(path);
    written = `${path}.${process.pid}.new`;
    const mode = (await stat(path).catch(() => undefined))?.mode ?? 0o600;
    await writeFile(written, `${JSON.stringify(config, undefined, '\t')}\n`, { mode: mode & 0o777 });
    await rename(written, path);
  } catch (cause) {
    if (written !== '') await rm(written, { force: true });
    throw new DhowError('InvalidParameter', `cannot write ${path}: ${messageOf(cause)}`, { cause });
  }
}

/** Many keep the file elsewhere and a link to it here, which must stay one. The last target need not be there. */
async function behindLinks(path: string): Promise<string> {
  try {
    return await realpath(path);
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT')) throw error;
  }
  const target = await readlink(path).catch(() => undefined);
  return target === undefined ? path : resolve(dirname(path), target);
}
