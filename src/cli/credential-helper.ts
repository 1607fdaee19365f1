import { spawn } from 'node:child_process';
import { text } from 'node:stream/consumers';
import { DhowError, messageOf } from '#errors/error.ts';

/**
 * Runs a program of the docker-credential-helpers protocol.
 * @returns what it printed; undefined when it has nothing for the key
 * @throws Unavailable when it cannot be run or fails; InvalidParameter for a name that is none
 */
export async function runHelper(
  helper: string,
  verb: 'get' | 'store' | 'erase',
  input: string,
  signal: AbortSignal | undefined,
): Promise<string | undefined> {
  const program = `docker-credential-${helper}`;
  if (!/^[\w.-]+$/.test(helper))
    throw new DhowError('InvalidParameter', `"${helper}" in config.json is no name of a credential helper`);
  const child = spawn(program, [verb], {
    stdio: ['pipe', 'pipe', 'inherit'],
    ...(signal ? { signal } : {}),
  });
  const ended = new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  // A helper that ends without reading its input is judged by its exit code.
  child.stdin.on('error', () => {});
  child.stdin.end(input);
  let output: string;
  let code: number | null;
  try {
    [output, code] = await Promise.all([text(child.stdout), ended]);
  } catch (error) {
    if (signal?.aborted) throw error;
    throw new DhowError(
      'Unavailable',
      `cannot run ${program}, which config.json names: ${messageOf(error)}`,
      { cause: error },
    );
  }
  if (code === 0) return output;
  if (/credentials not found/.test(output)) return undefined;
  throw new DhowError('Unavailable', `${program} failed (exit code ${code}): ${output.trim()}`);
}
