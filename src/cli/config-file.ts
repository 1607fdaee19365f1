import { mkdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
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
  const path = configPath(configDirectory);
  const written = `${path}.${process.pid}.new`;
  try {
    await mkdir(configDirectory, { recursive: true, mode: 0o700 });
    const mode = (await stat(path).catch(() => undefined))?.mode ?? 0o600;
    await writeFile(written, `${JSON.stringify(config, undefined, '\t')}\n`, { mode: mode & 0o777 });
    await rename(written, path);
  } catch (cause) {
    await rm(written, { force: true });
    throw new DhowError('InvalidParameter', `cannot write ${path}: ${messageOf(cause)}`, { cause });
  }
}
