import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { startPodman } from '../../bench/contestants/podman.ts';
import type { BenchEngine } from '../../bench/contestants.ts';
import { writeFiles } from '../integration/build/build-context.ts';
import { outputOf } from '../support/command.ts';
import { startDaemon } from '../support/daemon.ts';
import { importBase } from '../support/describe-engine.ts';
import { startDockerd } from '../support/dockerd.ts';
import type { Engine } from '../support/engine.ts';
import { createScratch, type Scratch } from '../support/scratch.ts';
import { type ReferenceCase, referenceCases } from './build/cases.ts';

/** Runs a builder's command line. */
type Run = (...args: string[]) => Promise<string>;

/** What Debian's dockerd (its first builder) and podman (buildah) make of a Dockerfile, Dhow makes as well. */
describe('images as other builders make them', () => {
  const engines = new AsyncDisposableStack();
  let scratch: Scratch;
  let dhow: Engine;
  let dockerd: Engine;
  let podman: BenchEngine;
  before(async () => {
    scratch = createScratch();
    engines.defer(() => scratch.remove());
    dockerd = engines.use(await startDockerd());
    dhow = engines.use(await startDaemon());
    await Promise.all([dockerd, dhow].map(importBase));
    podman = engines.use(await startPodman(scratch.directory, scratch.runDirectory));
  });
  after(async () => {
    await engines.disposeAsync();
  });

  const docker =
    (engine: Engine): Run =>
    (...args) =>
      outputOf('docker', args, {
        environment: { DOCKER_HOST: engine.host, DOCKER_BUILDKIT: '0', DOCKER_CONFIG: scratch.directory },
        timeoutMs: 120_000,
      });
  const byPodman: Run = (...args) => {
    const { program, args: all, environment } = podman.cli.invoke(...args);
    return outputOf(program, all, { environment, timeoutMs: 120_000 });
  };

  for (const one of referenceCases) {
    it(one.name, async () => {
      const context = writeFiles(fs.mkdtempSync(path.join(scratch.directory, 'context-')), one.files);
      for (const archive of one.archives ?? []) {
        await outputOf('tar', ['-caf', path.join(context, archive), '-C', context, 'src'], {});
      }
      const ours = await imageOf(docker(dhow), one, context);
      if (one.notByDocker === undefined) {
        const theirs = await imageOf(docker(dockerd), one, context);
        assert.deepEqual(ours, theirs, 'as dockerd made it');
      }
      if (one.notByBuildah === undefined) {
        const theirs = await imageOf(byPodman, one, context, ['--format', 'docker']);
        assert.deepEqual(ours.files, theirs.files, 'as buildah made it');
      }
    });
  }

  async function imageOf(
    run: Run,
    { args = [] }: ReferenceCase,
    context: string,
    more: string[] = [],
  ): Promise<{ files: string[]; config: Record<string, unknown> }> {
    await run('build', '-q', '-t', 'compared', ...more, ...args, context);
    const config = JSON.parse(await run('image', 'inspect', '--format', '{{json .Config}}', 'compared'));
    // A command, as the image may have none.
    const container = (await run('create', 'compared', 'true')).trim();
    const directory = fs.mkdtempSync(path.join(scratch.directory, 'root-'));
    try {
      await run('export', '-o', `${directory}.tar`, container);
      await outputOf('tar', ['-xpf', `${directory}.tar`, '--numeric-owner', '-C', directory], {});
      return { files: describeTree(directory), config: settingsOf(config) };
    } finally {
      await run('rm', '-v', container);
    }
  }
});

/** What a client reads of an image's settings; empty and absent are alike. */
function settingsOf(config: Record<string, unknown>): Record<string, unknown> {
  const names = ['Env', 'Cmd', 'Entrypoint', 'WorkingDir', 'User', 'Labels', 'ExposedPorts', 'Volumes'];
  const more = ['StopSignal', 'Shell', 'Healthcheck', 'OnBuild', 'ArgsEscaped'];
  const filled = [...names, ...more]
    .map((name): [string, unknown] => [name, config[name]])
    .filter(([, value]) => value && Object.keys(Object(value)).length > 0);
  return Object.fromEntries(filled);
}

/** The base's, and what engines put there when they make a container; buildah makes /run for commands. */
const ofNoBuild = /^\/(bin|\.dockerenv|dev|proc|sys|run|etc\/(hosts|hostname|resolv\.conf|mtab))(\/|$)/;

/** A line for each path: type and mode, owner, links and content. */
function describeTree(root: string): string[] {
  const names = fs.readdirSync(root, { recursive: true, encoding: 'utf8' }).sort();
  const lines: string[] = [];
  for (const name of names) {
    if (ofNoBuild.test(`/${name}`)) continue;
    const file = path.join(root, name);
    const status = fs.lstatSync(file);
    const content = status.isSymbolicLink()
      ? `-> ${fs.readlinkSync(file)}`
      : status.isFile()
        ? createHash('sha256').update(fs.readFileSync(file)).digest('hex').slice(0, 16)
        : '';
    const links = status.isFile() ? status.nlink : '';
    lines.push(`/${name} ${status.mode.toString(8)} ${status.uid}:${status.gid} ${links} ${content}`);
  }
  return lines;
}
