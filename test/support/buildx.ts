import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { outputOf } from './command.ts';

const version = 'v0.29.1';
const buildMs = 15 * 60_000;

/** Makes buildx a plugin of the `docker` command with this configuration; it is built once from its Go module, outside of the repository. */
export async function installBuildx(configDirectory: string): Promise<void> {
  const cache = path.join(os.homedir(), '.cache/dhow-tests', `buildx-${version}`);
  const program = path.join(cache, 'docker-buildx');
  if (!fs.existsSync(program)) {
    fs.mkdirSync(cache, { recursive: true });
    fs.writeFileSync(path.join(cache, 'go.mod'), 'module buildx-for-tests\n\ngo 1.24\n');
    const options = { directory: cache, timeoutMs: buildMs };
    const source = 'github.com/docker/buildx/cmd/buildx';
    await outputOf('go', ['get', `${source}@${version}`], options);
    await outputOf('go', ['build', '-trimpath', '-o', `${program}.new`, source], options);
    fs.renameSync(`${program}.new`, program);
  }
  const plugins = path.join(configDirectory, 'cli-plugins');
  fs.mkdirSync(plugins, { recursive: true });
  fs.symlinkSync(program, path.join(plugins, 'docker-buildx'));
}
