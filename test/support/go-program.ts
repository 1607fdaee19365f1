import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { outputOf } from './command.ts';

const buildMs = 30 * 60_000;

/** Path of a program, built once from its Go module, outside of the repository. @param source of its main package */
export async function buildGoProgram(name: string, source: string, version: string): Promise<string> {
  const cache = path.join(os.homedir(), '.cache/dhow-tests', `${name}-${version}`);
  const program = path.join(cache, `docker-${name}`);
  if (fs.existsSync(program)) return program;
  fs.mkdirSync(cache, { recursive: true });
  fs.writeFileSync(path.join(cache, 'go.mod'), `module ${name}-for-tests\n\ngo 1.24\n`);
  const options = { directory: cache, timeoutMs: buildMs };
  await outputOf('go', ['get', `${source}@${version}`], options);
  await outputOf('go', ['build', '-trimpath', '-o', `${program}.new`, source], options);
  fs.renameSync(`${program}.new`, program);
  return program;
}
