import type { ChildProcessWithoutNullStreams } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { after, before, describe } from 'node:test';
import type { CommandOptions, CommandResult } from '../../support/command.ts';
import { startDaemon } from '../../support/daemon.ts';
import { importBase } from '../../support/describe-engine.ts';
import { startDockerd } from '../../support/dockerd.ts';
import type { Engine } from '../../support/engine.ts';
import type { Terminal } from '../../support/terminal.ts';

/** A directory with Compose files. Disposing takes down all that the project has. */
export interface ComposeProject extends AsyncDisposable {
  readonly name: string;
  readonly directory: string;
  write(file: string, content: string): void;
  /** Runs `dhow compose …` on the project to its end, whatever its exit code. */
  run(args: readonly string[], options?: CommandOptions): Promise<CommandResult>;
  /** The same, which must succeed; what it printed, trimmed. */
  out(...args: string[]): Promise<string>;
  start(...args: string[]): ChildProcessWithoutNullStreams;
  terminal(...args: string[]): Terminal;
  /** A field of `inspect` of a container, by `SERVICE-NUMBER`. */
  inspect(container: string, field: string): Promise<string>;
}

interface Scenario {
  /** The daemon; only to be used within tests. */
  engine(): Engine;
  /** @param content of `compose.yaml` */
  project(content: string): ComposeProject;
}

let counter = 0;

/** As `describeEngine`, for `dhow compose`: the daemon is Dhow, or with DHOW_TEST_TARGET=dockerd Docker. */
export function describeCompose(behaviour: string, scenarios: (scenario: Scenario) => void): void {
  describe(behaviour, () => {
    let engine: Engine | undefined;
    before(async () => {
      engine = await (process.env['DHOW_TEST_TARGET'] === 'dockerd' ? startDockerd() : startDaemon());
      await importBase(engine);
    });
    after(() => engine?.[Symbol.asyncDispose]());
    const running = (): Engine => {
      if (engine === undefined) throw new Error('the daemon is there within tests only');
      return engine;
    };
    scenarios({ engine: running, project: (content) => createProject(running(), content) });
  });
}

function createProject(engine: Engine, content: string): ComposeProject {
  counter += 1;
  const name = `p${counter}`;
  const directory = path.join(engine.directory, name);
  fs.mkdirSync(directory);
  const write = (file: string, text: string): void => fs.writeFileSync(path.join(directory, file), text);
  write('compose.yaml', content);
  const dhow = engine.cli('dhow');
  const words = (args: readonly string[]): string[] => [
    'compose',
    '-f',
    `${directory}/compose.yaml`,
    ...args,
  ];
  return {
    name,
    directory,
    write,
    run: (args, options) => dhow.run(words(args), options),
    out: (...args) => dhow.out(...words(args)),
    start: (...args) => dhow.start(words(args)),
    terminal: (...args) => dhow.terminal(words(args)),
    inspect: (container, field) => dhow.out('inspect', '--format', `{{${field}}}`, `${name}-${container}`),
    async [Symbol.asyncDispose]() {
      const { code, stderr } = await dhow.run(words(['down', '--volumes', '--remove-orphans', '-t', '0']));
      if (code !== 0) throw new Error(`compose down failed: ${stderr}`);
    },
  };
}

/** A program that ends at once when it is told to; `begin` is a shell command for its start. */
export function obedient(begin: string): string {
  return JSON.stringify(['sh', '-c', `trap "exit 0" TERM; ${begin}; while :; do sleep 0.05; done`]);
}
