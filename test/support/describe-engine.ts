import { after, before, describe } from 'node:test';
import { baseRootfs } from './base-image.ts';
import { type Cli, cliNames, createCli } from './cli.ts';
import { startDaemon } from './daemon.ts';
import { startDockerd } from './dockerd.ts';
import type { Engine } from './engine.ts';

/** What a scenario works with. */
export interface Scenario {
  readonly cli: Cli;
  /** A name for a container or image that no other scenario uses. */
  unique(prefix: string): string;
  /** The daemon; only to be used within tests. */
  engine(): Engine;
}

let counter = 0;

/**
 * Describes a behaviour of Docker: the scenarios run against a fresh daemon that has the image `busybox`, once with the `docker`
 * command line and once with `dhow`. The daemon is Dhow, or with DHOW_TEST_TARGET=dockerd the reference: a scenario that fails
 * there is a wrong scenario. A leak of the daemon fails the file.
 */
export function describeEngine(behaviour: string, scenarios: (scenario: Scenario) => void): void {
  describe(behaviour, () => {
    let engine: Engine | undefined;
    before(async () => {
      engine = await (process.env['DHOW_TEST_TARGET'] === 'dockerd' ? startDockerd() : startDaemon());
      await importBase(engine);
    });
    after(() => engine?.[Symbol.asyncDispose]());
    const running = (): Engine => {
      if (!engine) throw new Error('the daemon is there within tests only');
      return engine;
    };
    for (const name of cliNames) {
      describe(`by ${name}`, () =>
        scenarios({
          cli: createCli(name, () => ({
            host: running().host,
            configDirectory: `${running().directory}/config`,
          })),
          engine: running,
          unique(prefix) {
            counter += 1;
            return `${prefix}-${name}-${counter}`;
          },
        }));
    }
  });
}

/** Gives a daemon the image `busybox`, whose command is `sh`. */
export async function importBase(engine: Engine): Promise<void> {
  await engine
    .cli('docker')
    .out(
      'import',
      '--change',
      'CMD ["sh"]',
      '--change',
      'ENV PATH=/usr/sbin:/bin',
      await baseRootfs(),
      'busybox:latest',
    );
}
