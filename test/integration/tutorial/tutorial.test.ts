import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { cliNames, dhowProgram, repository } from '../../support/cli.ts';
import { outputOf } from '../../support/command.ts';
import { type Daemon, startDaemon } from '../../support/daemon.ts';
import { outputPattern, readBlocks } from './read-blocks.ts';

const page = path.join(repository, 'docs/tutorial.md');

/**
 * The tutorial is one session: each block goes on where the one before has stopped, in the same directory. They are run with `-e`, so that
 * a command that fails is noticed wherever it stands. The page says that docker's command line may be taken in place of Dhow's.
 */
for (const name of cliNames) {
  describe(`the tutorial, typed with ${name}`, () => {
    let daemon: Daemon;
    let directory: string;
    let programs: string;
    before(async () => {
      daemon = await startDaemon();
      directory = path.join(daemon.directory, 'tutorial');
      programs = path.join(daemon.directory, 'bin');
      fs.mkdirSync(directory);
      fs.mkdirSync(programs);
      const program = name === 'dhow' ? dhowProgram : await outputOf('which', ['docker']);
      fs.symlinkSync(program, path.join(programs, 'dhow'));
      // As tools/quickstart does.
      const rootfs = path.join(repository, 'tools/busybox-rootfs');
      await run(`${rootfs} | dhow import --change 'CMD ["sh"]' - busybox`);
    });
    after(() => daemon?.[Symbol.asyncDispose]());

    const run = (commands: string): Promise<string> =>
      outputOf('sh', ['-e', '-c', `exec 2>&1\n${commands}`], {
        directory,
        timeoutMs: 120_000,
        environment: {
          DOCKER_HOST: daemon.host,
          DOCKER_CONFIG: path.join(daemon.directory, 'config'),
          DOCKER_CONTEXT: undefined,
          DOCKER_BUILDKIT: '0',
          PATH: `${programs}:${process.env['PATH']}`,
        },
      });

    let failed = false;
    for (const { line, commands, output } of readBlocks(fs.readFileSync(page, 'utf8'))) {
      it(`line ${line}: ${commands.split('\n')[0]}`, async (test) => {
        if (failed) {
          test.skip('what stands before has failed');
          return;
        }
        failed = true;
        // docker says so of its first builder at each build.
        const printed = (await run(commands)).replace(/^DEPRECATED: The legacy builder.*?\n\n/s, '');
        if (output !== undefined) assert.match(`${printed}\n`, outputPattern(output));
        failed = false;
      });
    }

    it('leaves nothing but the image that it has started from', async () => {
      assert.equal(await run('dhow ps -aq; dhow volume ls -q; dhow network ls --filter type=custom -q'), '');
      assert.equal(await run('dhow images --format "{{.Repository}}"'), 'busybox');
    });
  });
}
