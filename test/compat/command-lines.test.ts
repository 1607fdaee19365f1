import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { dhowProgram } from '../support/cli.ts';
import { runCommand } from '../support/command.ts';
import type { Engine } from '../support/engine.ts';
import { commandLines } from './command-lines.ts';
import { startEngine } from './start-engine.ts';

/** Two daemons that hear the same, one from docker's command line and one from dhow. */
describe('dhow does as docker does', () => {
  const programs = ['docker', dhowProgram];
  let engines: Engine[] = [];
  before(async () => {
    engines = await Promise.all([startEngine(), startEngine()]);
  });
  after(async () => {
    for (const engine of engines) await engine[Symbol.asyncDispose]();
  });

  it(`in ${commandLines.length} command lines`, async () => {
    const differences: string[] = [];
    for (const line of commandLines) {
      const [docker, dhow] = await Promise.all(
        engines.map((engine, index) => outcomeOf(programs[index] ?? '', line, engine)),
      );
      if (docker !== dhow) differences.push(`${line}\n  docker: ${docker}\n  dhow:   ${dhow}`);
    }
    assert.equal(differences.join('\n'), '');
  });
});

/** Code, standard output, and whether something else was said; without what each daemon names in its own way. */
async function outcomeOf(program: string, line: string, engine: Engine): Promise<string> {
  const directory = path.join(engine.directory, 'work');
  fs.mkdirSync(directory, { recursive: true });
  const { code, stdout, stderr } = await runCommand('sh', ['-c', `${program} ${line}`], {
    directory,
    environment: {
      DOCKER_HOST: engine.host,
      DOCKER_CONFIG: path.join(engine.directory, 'config'),
      DOCKER_CONTEXT: undefined,
    },
  });
  const told = stdout.replace(/\b([0-9a-f]{64}|[0-9a-f]{12})\b/g, (id) => `id of ${id.length}`);
  return `${code} ${JSON.stringify(told)} ${stderr === '' ? '' : 'and a complaint'}`;
}
