import { dirname, join, resolve } from 'node:path';
import { isRemote } from '#compose/remote-address.ts';
import { DhowError } from '#errors/error.ts';

export interface FileChoice {
  /** `--file`, in order. */
  readonly files: readonly string[];
  /** `--project-directory`. */
  readonly directory: string | undefined;
  readonly workingDirectory: string;
  readonly environment: ReadonlyMap<string, string>;
  exists(path: string): boolean;
  /** The path of the file that an address of elsewhere names, brought to this machine. */
  fetch(address: string): string;
}

export const standardNames = ['compose.yaml', 'compose.yml', 'docker-compose.yml', 'docker-compose.yaml'];
const overrideNames = [
  'compose.override.yml',
  'compose.override.yaml',
  'docker-compose.override.yml',
  'docker-compose.override.yaml',
];

/**
 * The files of a project and its directory: those given, else those in `COMPOSE_FILE`, else the first standard name (with its override)
 * in the working directory or the nearest directory above.
 * @throws NotFound when there is none
 */
export function findFiles(choice: FileChoice): { files: string[]; directory: string } {
  const { workingDirectory, environment, exists, fetch } = choice;
  const wanted = choice.directory === undefined ? undefined : resolve(workingDirectory, choice.directory);
  const separator = environment.get('COMPOSE_PATH_SEPARATOR') || ':';
  const listed = environment.get('COMPOSE_FILE')?.split(separator).filter(Boolean) ?? [];
  const given = choice.files.length > 0 ? choice.files : listed;
  const [first] = given;
  if (first !== undefined) {
    const files = given.map((file) => {
      if (file === '-') return file;
      return isRemote(file) ? fetch(file) : resolve(workingDirectory, file);
    });
    const beside = first === '-' ? workingDirectory : dirname(files[0] ?? first);
    return { files, directory: wanted ?? beside };
  }
  for (let directory = wanted ?? workingDirectory; ; directory = dirname(directory)) {
    const standard = standardNames.map((name) => join(directory, name)).find(exists);
    if (standard !== undefined) {
      const override = overrideNames.map((name) => join(directory, name)).find(exists);
      return {
        files: [standard, ...(override === undefined ? [] : [override])],
        directory: wanted ?? directory,
      };
    }
    if (directory === dirname(directory)) break;
  }
  throw new DhowError(
    'NotFound',
    `no ${standardNames.join(', ')} in ${wanted ?? workingDirectory} or above; name a file with --file`,
  );
}
