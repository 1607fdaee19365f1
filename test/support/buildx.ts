import fs from 'node:fs';
import path from 'node:path';
import { buildGoProgram } from './go-program.ts';

/** Makes buildx a plugin of the `docker` command with this configuration. */
export async function installBuildx(configDirectory: string): Promise<void> {
  const program = await buildGoProgram('buildx', 'github.com/docker/buildx/cmd/buildx', 'v0.29.1');
  const plugins = path.join(configDirectory, 'cli-plugins');
  fs.mkdirSync(plugins, { recursive: true });
  fs.symlinkSync(program, path.join(plugins, 'docker-buildx'));
}
