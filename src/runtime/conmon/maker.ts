import fs from 'node:fs';
import path from 'node:path';
import { DhowError } from '#errors/error.ts';
import type { Log } from '#log/log.ts';
import type { RunDirectories } from '#runtime/conmon/directories.ts';
import { createRuntimeProgram } from '#runtime/conmon/program.ts';
import { findProgram, type OciRuntime, runtimeNameOf } from '#runtime/detect.ts';

/** How to speak to the OCI runtime of a container. */
export interface Maker {
  name: string;
  /** Absolute path of the program. */
  program: string;
  /** Its `--root`. */
  state: string;
}

/** The OCI runtimes that make containers here. */
export interface Makers extends Disposable {
  /**
   * The one to make a container with; the daemon's own when no name is given.
   * @throws InvalidParameter naming those that are known; Unavailable when its program is not there
   */
  choose(name: string | undefined): Maker;
  /**
   * The one that made a container, and alone knows it: another one than this daemon's when the container asked for it, when the daemon was
   * started again with another setting, or where crun has come to work or ceased to.
   * @throws Unavailable when it is not installed any more
   */
  of(containerId: string): Maker;
}

export interface MakerParts {
  ociRuntime: OciRuntime;
  /** Programs by the names that containers ask for, besides `ociRuntime`. */
  otherRuntimes: Readonly<Record<string, string>>;
  directories: RunDirectories;
  runDirectory: string;
  log: Log;
}

export function createMakers({
  ociRuntime,
  otherRuntimes,
  directories,
  runDirectory,
  log,
}: MakerParts): Makers {
  const own = createRuntimeProgram(ociRuntime, path.join(runDirectory, 'bin'), log);
  const ownMaker = (): Maker => ({ name: ociRuntime.name, program: own.path(), state: directories.state });

  function other(name: string, programName: string, missing: string): Maker {
    const program = findProgram(programName);
    if (program === undefined) throw new DhowError('Unavailable', missing);
    return { name, program, state: directories.stateOf(name) };
  }

  return {
    choose(wanted) {
      const name = runtimeNameOf(wanted ?? ociRuntime.name);
      if (name === ociRuntime.name) return ownMaker();
      const program = Object.hasOwn(otherRuntimes, name) ? otherRuntimes[name] : undefined;
      if (program === undefined) {
        const known = [ociRuntime.name, ...Object.keys(otherRuntimes)].join(', ');
        throw new DhowError('InvalidParameter', `unknown or invalid runtime name: ${name} (known: ${known})`);
      }
      const maker = other(name, program, `the runtime ${name} has no program: ${program} cannot be run`);
      fs.mkdirSync(maker.state, { recursive: true, mode: 0o700 });
      return maker;
    },
    of(containerId) {
      const name = directories.makerOf(containerId) ?? ociRuntime.name;
      if (name === ociRuntime.name) return ownMaker();
      return other(
        name,
        otherRuntimes[name] ?? name,
        `container ${containerId} was made by ${name}, which is not installed any more: install it, or restart the container`,
      );
    },
    [Symbol.dispose]: () => own[Symbol.dispose](),
  };
}
