import assert from 'node:assert/strict';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { writeFiles } from '../integration/build/build-context.ts';
import { installBuildx } from '../support/buildx.ts';
import { type CommandResult, outputOf, runCommand } from '../support/command.ts';
import { startDaemon } from '../support/daemon.ts';
import { startDockerd } from '../support/dockerd.ts';
import type { Engine } from '../support/engine.ts';
import { buildGoProgram } from '../support/go-program.ts';

/**
 * Tools of others that developers use on Docker, unchanged, on Dhow (with DHOW_TEST_TARGET=dockerd on the reference). They are fetched and built
 * once, which takes minutes; needs go and npm.
 */
const image = 'debian:bookworm-slim';
const timeoutMs = 600_000;

describe('tools made for Docker', { timeout: timeoutMs }, () => {
  let engine: Engine;
  let environment: Record<string, string>;
  before(async () => {
    engine = await (process.env['DHOW_TEST_TARGET'] === 'dockerd' ? startDockerd() : startDaemon());
    environment = { DOCKER_HOST: engine.host, DOCKER_CONFIG: path.join(engine.directory, 'config') };
    await engine.cli('dhow').out('image', 'bootstrap', image);
  });
  after(() => engine?.[Symbol.asyncDispose]());

  function project(files: Record<string, string>): string {
    const directory = fs.mkdtempSync(path.join(engine.directory, 'project-'));
    // Others than root work in it, too.
    fs.chmodSync(directory, 0o755);
    writeFiles(directory, files);
    return directory;
  }

  async function succeed(program: string, args: string[], extra: object = {}): Promise<CommandResult> {
    const result = await runCommand(program, args, {
      environment: { ...environment, ...extra },
      timeoutMs,
    });
    assert.equal(result.code, 0, result.stdout + result.stderr);
    return result;
  }

  it('act runs a workflow of GitHub Actions, with a container job and an action made by a Dockerfile', async () => {
    const act = await buildGoProgram('act', 'github.com/nektos/act', 'v0.2.82');
    const directory = project({
      '.github/workflows/ci.yml': workflow,
      'action/action.yml':
        'name: local\nruns: { using: docker, image: Dockerfile, args: [one, two words] }\n',
      'action/Dockerfile': `FROM ${image}\nRUN echo built > /built\nCOPY run.sh /run.sh\nENTRYPOINT ["sh", "/run.sh"]\n`,
      'action/run.sh': 'cat /built; echo "args: $# $2"; ls $GITHUB_WORKSPACE\n',
    });
    const git = (...args: string[]) =>
      outputOf('git', ['-C', directory, '-c', 'user.name=a', '-c', 'user.email=a@b', ...args]);
    await git('init', '--quiet');
    await git('remote', 'add', 'origin', 'https://example.com/owner/project');
    await git('add', '--all');
    await git('commit', '--quiet', '--message', 'begin');
    const { stdout } = await succeed(act, [
      ...['push', '--directory', directory, '--bind', '--pull=false'],
      ...['--platform', `ubuntu-latest=${image}`, '--container-daemon-socket', '-'],
    ]);
    for (const expected of ['got hello 12.', 'container job 1', 'args: 2 two words']) {
      assert.ok(stdout.includes(expected), `${expected} is missing in\n${stdout}`);
    }
    assert.equal(stdout.split('Job succeeded').length - 1, 4);
    assert.equal(await engine.cli('docker').out('ps', '--all', '--quiet', '--filter', 'name=act-'), '');
  });

  for (const builder of ['the first builder', 'buildx']) {
    it(`devcontainer builds by ${builder}, and enters as the user that it is told`, async () => {
      if (builder === 'buildx') await installBuildx(environment['DOCKER_CONFIG'] ?? '');
      const devcontainer = await installDevcontainer();
      const directory = project({
        '.devcontainer/devcontainer.json': JSON.stringify({
          build: { dockerfile: 'Dockerfile', args: { WHO: 'dev' } },
          remoteUser: 'dev',
          containerEnv: { FOO: 'bar' },
          postCreateCommand: 'echo created > /tmp/created',
          mounts: ['source=devcontainer,target=/data,type=volume'],
          runArgs: ['--init'],
        }),
        '.devcontainer/Dockerfile': `FROM ${image}\nARG WHO\nRUN useradd --create-home $WHO\n`,
        'of-the-project': 'here\n',
      });
      const { stdout } = await succeed(devcontainer, ['up', '--workspace-folder', directory]);
      const { outcome, containerId } = JSON.parse(stdout) as { outcome: string; containerId: string };
      assert.equal(outcome, 'success');
      const script = 'id -un; echo $FOO; cat /tmp/created of-the-project; test -d /data';
      const inside = await succeed(devcontainer, [
        ...['exec', '--workspace-folder', directory],
        ...['sh', '-c', script],
      ]);
      assert.equal(inside.stdout, 'dev\nbar\ncreated\nhere\n');
      await engine.cli('docker').out('rm', '--force', '--volumes', containerId);
      await engine.cli('docker').out('volume', 'rm', 'devcontainer');
    });
  }

  it('dive looks through the layers of an image', async () => {
    const dive = await buildGoProgram('dive', 'github.com/wagoodman/dive', 'v0.13.1');
    const directory = project({ Dockerfile: `FROM ${image}\nRUN cp /usr/bin/perl /copy\nRUN rm /copy\n` });
    await succeed('docker', ['build', '--tag', 'wasteful', directory], { DOCKER_BUILDKIT: '0' });
    const { stdout } = await runCommand(dive, ['wasteful'], {
      environment: { ...environment, CI: 'true' },
      timeoutMs,
    });
    assert.match(stdout, /2\s+\S+ MB\s+\/copy/);
  });
});

const workflow = `name: ci
on: push
jobs:
  first:
    runs-on: ubuntu-latest
    env: { GREETING: hello }
    outputs: { value: "\${{ steps.say.outputs.value }}" }
    steps:
      - id: say
        run: |
          echo "value=$GREETING $(cat /etc/debian_version)" >> "$GITHUB_OUTPUT"
          echo data > /tmp/made
      - run: test "$(cat /tmp/made)" = data
  second:
    needs: first
    runs-on: ubuntu-latest
    steps:
      - run: echo "got \${{ needs.first.outputs.value }}"
  in-container:
    runs-on: ubuntu-latest
    container: { image: "${image}", env: { X: "1" }, options: "--memory 64m" }
    steps:
      - run: echo container job $X
  of-a-dockerfile:
    runs-on: ubuntu-latest
    steps:
      - uses: ./action
`;

/** @returns the path of its program */
async function installDevcontainer(): Promise<string> {
  const version = '0.89.0';
  const directory = path.join(os.homedir(), '.cache/dhow-tests', `devcontainer-${version}`);
  const program = path.join(directory, 'node_modules/.bin/devcontainer');
  if (!fs.existsSync(program)) {
    await outputOf('npm', ['install', '--silent', '--prefix', directory, `@devcontainers/cli@${version}`], {
      timeoutMs,
    });
  }
  return program;
}
