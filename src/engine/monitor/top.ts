import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { DhowError, messageOf } from '#errors/error.ts';
import { hasCode } from '#sys/libc.ts';

const execute = promisify(execFile);
const maxOutputBytes = 64 * 1024 * 1024;

/** Asks the host's ps, as its columns and their words are what users expect. @throws as `ContainerMonitor.top` */
export async function listProcesses(
  pids: ReadonlySet<number>,
  psOptions: string,
): Promise<{ titles: string[]; processes: string[][] }> {
  const options = psOptions.split(/\s+/).filter(Boolean);
  return parseProcesses(await runPs(options.length === 0 ? ['-ef'] : options), pids);
}

async function runPs(options: string[]): Promise<string> {
  try {
    const { stdout } = await execute('ps', options, {
      maxBuffer: maxOutputBytes,
      env: { PATH: process.env['PATH'], LC_ALL: 'C' },
    });
    return stdout;
  } catch (error) {
    if (hasCode(error, 'ENOENT')) {
      throw new DhowError(
        'Unsupported',
        'listing processes needs the program ps on the host: install the package "procps"',
      );
    }
    const words = error instanceof Error && 'stderr' in error ? String(error.stderr) : messageOf(error);
    const line = words.split('\n').find((text) => text.trim() !== '') ?? '';
    throw new DhowError('InvalidParameter', `ps: ${line.replace(/^(ps|error): /, '')}`);
  }
}

/** The last column is the rest of the line. @throws InvalidParameter without a PID column */
export function parseProcesses(
  output: string,
  pids: ReadonlySet<number>,
): { titles: string[]; processes: string[][] } {
  const [header = '', ...lines] = output.split('\n');
  const titles = header.split(/\s+/).filter(Boolean);
  const pidColumn = titles.indexOf('PID');
  if (pidColumn === -1) throw new DhowError('InvalidParameter', "Couldn't find PID field in ps output");
  const processes: string[][] = [];
  // `ps` with a forest or threads has lines that belong to the one above: their pid is "-".
  let inside = false;
  for (const line of lines) {
    const words = line.split(/\s+/).filter(Boolean);
    const pid = words[pidColumn];
    if (pid === undefined) continue;
    if (pid !== '-') inside = pids.has(Number(pid));
    if (inside)
      processes.push([...words.slice(0, titles.length - 1), words.slice(titles.length - 1).join(' ')]);
  }
  return { titles, processes };
}
