import { existsSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { saysYes } from '#cli/commands/compose/says-yes.ts';
import type { CliContext } from '#cli/context.ts';
import { fetchRemote } from '#compose/fetch-remote.ts';
import { findFiles } from '#compose/find-files.ts';
import { type LoadRequest, loadProject, readVariables } from '#compose/load.ts';
import { loadModel } from '#compose/load-model.ts';
import type { Project } from '#compose/project.ts';
import { DhowError } from '#errors/error.ts';

/** The options of `dhow compose` that say which project is meant. */
export interface ProjectChoice {
  readonly files: readonly string[];
  readonly envFiles: readonly string[];
  readonly directory: string | undefined;
  readonly name: string | undefined;
  readonly profiles: readonly string[];
  /** Whether networks and volumes count that no service uses. */
  readonly allResources: boolean;
  /** Names are made with _ as the first Docker Compose made them. */
  readonly compatibility: boolean;
}

/**
 * Loads the chosen project; variables that nobody set are told on stderr.
 * @param services that are enabled whatever their profiles
 */
export function openProject(
  context: CliContext,
  choice: ProjectChoice,
  services: readonly string[] = [],
): Project {
  const read = createReader();
  return loadProject(loadRequest(context, choice, services, read), createSources(context, read));
}

/** What the chosen files say, by parameters of `loadModel`. */
export function openModel(
  context: CliContext,
  choice: ProjectChoice,
  services: readonly string[],
  written: Parameters<typeof loadModel>[1],
): ReturnType<typeof loadModel> {
  const read = createReader();
  return loadModel(loadRequest(context, choice, services, read), written, createSources(context, read));
}

function loadRequest(
  context: CliContext,
  choice: ProjectChoice,
  services: readonly string[],
  read: (path: string) => string,
): LoadRequest {
  const { environment } = context;
  const { files, directory } = locateFiles(context, choice, nearVariables(context, choice, read));
  const variables = readVariables(environment, envFilesOf(context, choice), directory, read);
  const listed = (variables.get('COMPOSE_PROFILES') ?? '').split(',').map((profile) => profile.trim());
  return {
    files,
    directory,
    name: choice.name ?? (variables.get('COMPOSE_PROJECT_NAME') || undefined),
    variables,
    profiles: [...choice.profiles, ...listed].filter(Boolean),
    compatibility: choice.compatibility || saysYes(variables.get('COMPOSE_COMPATIBILITY')),
    wanted: services,
  };
}

function createSources({ environment, stderr }: CliContext, read: (path: string) => string) {
  const told = new Set<string>();
  return {
    read,
    fetch: (address: string) => fetchRemote(address, environment),
    home: environment['HOME'],
    onUnset(name: string) {
      if (told.has(name)) return;
      told.add(name);
      stderr.write(`The ${name} variable is not set; it is taken as empty.\n`);
    },
  };
}

/** The project's name where it is said and there are no files; else undefined. */
export function nameWithoutFiles(context: CliContext, choice: ProjectChoice): string | undefined {
  const near = nearVariables(context, choice, createReader());
  try {
    locateFiles(context, choice, near);
    return undefined;
  } catch {
    return choice.name ?? (near.get('COMPOSE_PROJECT_NAME') || undefined);
  }
}

function locateFiles(context: CliContext, choice: ProjectChoice, environment: ReadonlyMap<string, string>) {
  const { files, directory } = choice;
  const { workingDirectory } = context;
  const fetch = (address: string) => fetchRemote(address, context.environment);
  return findFiles({ files, directory, workingDirectory, environment, exists: existsSync, fetch });
}

/** Variables that set how a command works. Files that cannot be read say nothing here: what needs them complains. */
export function settingVariables(context: CliContext, choice: ProjectChoice): ReadonlyMap<string, string> {
  try {
    return nearVariables(context, choice, createReader());
  } catch {
    return readVariables(context.environment, [], context.workingDirectory, () => '');
  }
}

/** COMPOSE_FILE and the like may stand in the .env of where we are, so that one is read first. */
function nearVariables(
  context: CliContext,
  choice: ProjectChoice,
  read: (path: string) => string,
): Map<string, string> {
  const { environment, workingDirectory } = context;
  const directory = resolve(workingDirectory, choice.directory ?? '.');
  return readVariables(environment, envFilesOf(context, choice), directory, read);
}

function envFilesOf({ environment, workingDirectory }: CliContext, { envFiles }: ProjectChoice): string[] {
  const listed = (environment['COMPOSE_ENV_FILES'] ?? '').split(',').filter(Boolean);
  return (envFiles.length > 0 ? envFiles : listed).map((path) => resolve(workingDirectory, path));
}

/** Reads each file once: the standard input cannot be read twice. */
function createReader(): (path: string) => string {
  const known = new Map<string, string>();
  return (path) => {
    const content = known.get(path) ?? readText(path);
    known.set(path, content);
    return content;
  };
}

function readText(path: string): string {
  try {
    return readFileSync(path === '-' ? 0 : path, 'utf8');
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (code === 'ENOENT' || code === 'ENOTDIR')
      throw new DhowError('NotFound', `no such file: ${path}`, { cause: error });
    throw new DhowError('InvalidParameter', `cannot read ${path}: ${code}`, { cause: error });
  }
}
