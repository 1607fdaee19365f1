import { spawn } from 'node:child_process';
import { DhowError } from '#errors/error.ts';

/**
 * Runs a program of the host and waits for its end.
 * @param input a descriptor that is its standard input
 * @throws DhowError made of its complaint by `failure`; Unavailable when it is not installed
 */
export async function runProgram(
  program: string,
  args: readonly string[],
  failure: (complaint: string) => DhowError,
  input: number | 'ignore' = 'ignore',
): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const child = spawn(program, args, {
    stdio: [input, 'ignore', 'pipe'],
    env: { PATH: '/usr/sbin:/usr/bin:/sbin:/bin', LC_ALL: 'C' },
  });
  let complaint = '';
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    complaint = (complaint + text).slice(0, 2000);
  });
  child.on('error', (cause) =>
    reject(new DhowError('Unavailable', `cannot run ${program}: ${cause.message}`, { cause })),
  );
  child.on('close', (code, signal) => {
    if (code === 0) resolve();
    else reject(failure(complaint.trim() || `${program} ended with ${signal ?? code}`));
  });
  await promise;
}

/**
 * Copies what is in a directory; coreutils' cp knows every kind of file, and shares blocks where the file system can.
 * @param source a descriptor of the directory
 * @throws ResourceExhausted; Internal
 */
export function copyTree(source: number, target: string): Promise<void> {
  const from = '/proc/self/fd/0/.';
  const failure = (complaint: string): DhowError => {
    const [first = ''] = complaint.replaceAll(`${from}/`, '').split('\n');
    return /No space left|Disk quota exceeded/.test(complaint)
      ? new DhowError('ResourceExhausted', `no space left to copy the files: ${first}`)
      : new DhowError('Internal', `cannot copy the files: ${first}`);
  };
  return runProgram('cp', ['-a', '--reflink=auto', '--', from, target], failure, source);
}
