import { DhowError } from '#errors/error.ts';
import type { RuntimeContext } from '#runtime/conmon/context.ts';
import { findProgram } from '#runtime/detect.ts';

/** How to speak to the OCI runtime of a container. */
export interface Maker {
  /** Absolute path of the program. */
  program: string;
  /** Its `--root`. */
  state: string;
}

/**
 * The runtime that made a container, and alone knows it: another one than this daemon's when the daemon was started again with another
 * setting, or where crun has come to work or ceased to.
 *
 * @throws Unavailable when that runtime is not installed any more
 */
export function findMaker(context: RuntimeContext, containerId: string): Maker {
  const { ociRuntime, program, directories } = context;
  const name = directories.makerOf(containerId) ?? ociRuntime.name;
  if (name === ociRuntime.name) return { program: program.path(), state: directories.state };
  const found = findProgram(name);
  if (found === undefined) {
    throw new DhowError(
      'Unavailable',
      `container ${containerId} was made by ${name}, which is not installed any more: install it, or restart the container`,
    );
  }
  return { program: found, state: directories.stateOf(name) };
}
