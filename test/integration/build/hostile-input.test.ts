import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import type { Cli } from '../../support/cli.ts';
import { outputOf } from '../../support/command.ts';
import { type Daemon, startDaemon } from '../../support/daemon.ts';
import { importBase } from '../../support/describe-engine.ts';
import { build, buildLeftovers, failedBuild, tryBuild, writeFiles } from './build-context.ts';

describe('builds of what strangers wrote', () => {
  let daemon: Daemon;
  let dhow: Cli;
  before(async () => {
    daemon = await startDaemon();
    dhow = daemon.cli('dhow');
    await importBase(daemon);
  });
  after(() => daemon?.[Symbol.asyncDispose]());

  const context = (files: Record<string, string>): string =>
    writeFiles(fs.mkdtempSync(path.join(daemon.directory, 'context-')), files);

  it('links of a context lead nowhere outside of it', async () => {
    const directory = context({
      Dockerfile: 'FROM busybox\nCOPY passwd /stolen\n',
      passwd: '-> /etc/passwd',
      up: '-> ../../../../etc/passwd',
    });
    assert.match((await failedBuild(dhow, [directory])).output, /"passwd" is not there/);
    fs.writeFileSync(path.join(directory, 'Dockerfile'), 'FROM busybox\nCOPY up /stolen\n');
    assert.match((await failedBuild(dhow, [directory])).output, /"up" is not there/);
    fs.writeFileSync(
      path.join(directory, 'Dockerfile'),
      'FROM busybox\nRUN --mount=type=bind,source=up,target=/x cat /x\n',
    );
    assert.match((await failedBuild(dhow, [directory])).output, /not there/);
  });

  it('links of an image lead nowhere outside of it', async () => {
    const directory = context({
      Dockerfile: [
        'FROM busybox AS evil',
        'RUN ln -s /etc /host && ln -s ../../../../../../../etc/shadow /shadow && mkdir /d && ln -s /../../../etc /d/l',
        'FROM evil',
        'COPY f /host/written-by-build',
        'COPY f /d/l/written-too',
        'RUN ls /etc/written-by-build /etc/written-too',
        'FROM busybox',
        'COPY --from=evil /d/l/passwd /p',
        'RUN grep alice /p',
      ].join('\n'),
      f: 'x',
    });
    await build(dhow, [directory]);
    assert.ok(!fs.existsSync('/etc/written-by-build') && !fs.existsSync('/etc/written-too'));
    assert.match(
      (
        await failedBuild(dhow, [
          context({
            Dockerfile:
              'FROM busybox AS evil\nRUN ln -s ../../../../../../../etc/shadow /s\nFROM busybox\nCOPY --from=evil /s /x\n',
          }),
        ])
      ).output,
      /is not there/,
    );
  });

  it('an archive that ADD unpacks stays in the image, whatever it says', async () => {
    const evil = path.join(daemon.directory, 'evil.tar');
    const inside = writeFiles(path.join(daemon.directory, 'evil'), { out: '-> /etc', 'real/f': 'x' });
    await outputOf('tar', [
      ...['-cf', evil, '-C', inside, '-P', '--transform', 's,^real/f,out/written-by-add,', 'out', 'real/f'],
    ]);
    await outputOf('tar', [
      ...[
        '-rf',
        evil,
        '-C',
        inside,
        '-P',
        '--transform',
        's,^real/f,../../../../etc/written-by-add,',
        'real/f',
      ],
    ]);
    const directory = context({
      Dockerfile: 'FROM busybox\nADD evil.tar /a/b/\nRUN find / -xdev -name written-by-add\n',
    });
    fs.copyFileSync(evil, path.join(directory, 'evil.tar'));
    const { code, stdout, stderr } = await tryBuild(dhow, [directory]);
    assert.ok(!fs.existsSync('/etc/written-by-add'));
    // Refused or kept inside; either way nothing is left behind.
    assert.match(stdout + stderr, code === 0 ? /\/etc\/written-by-add/ : /evil|out/);
    assert.deepEqual(buildLeftovers(daemon), []);
  });

  it('hostile archives and endless expansions are refused', async () => {
    const doubling = `FROM busybox\nENV a=${'x'.repeat(1000)}\n${'ENV a=$a$a\n'.repeat(40)}`;
    assert.match((await failedBuild(dhow, ['-'], { input: doubling })).output, /longer than/);
    const huge = `FROM busybox\n${'RUN true\n'.repeat(20_000)}`;
    assert.match((await failedBuild(dhow, ['-'], { input: huge })).output, /more than 10000 instructions/);
    assert.deepEqual(buildLeftovers(daemon), []);
  });
});
