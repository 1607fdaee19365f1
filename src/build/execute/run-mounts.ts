import { randomUUID } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { copyTar, placeEntries } from '#build/copy/copy-tar.ts';
import { createDiskTree } from '#build/copy/disk-tree.ts';
import { findInRoot } from '#build/copy/in-root.ts';
import { toBytePath } from '#build/copy/source-tree.ts';
import { dockerfileError } from '#build/dockerfile/source.ts';
import type { Chain } from '#build/execute/chain.ts';
import type { MountPoint } from '#build/execute/mount-points.ts';
import { writePrivateFile } from '#build/execute/private-file.ts';
import type { BuildSession } from '#build/execute/session.ts';
import type { StepInputs } from '#build/execute/step-inputs.ts';
import type { CommandMount } from '#build/executor.ts';
import type { RunMount, RunStep } from '#build/steps.ts';
import { quietly } from '#errors/quietly.ts';

/** The mounts of one RUN, given back when disposed. */
export interface PreparedMounts extends AsyncDisposable {
  mounts: CommandMount[];
  points: MountPoint[];
  /** Secrets that go into the environment, and where agents are. */
  environment: string[];
}

export async function prepareMounts(step: RunStep, inputs: StepInputs): Promise<PreparedMounts> {
  await using undo = new AsyncDisposableStack();
  const prepared: Omit<PreparedMounts, typeof Symbol.asyncDispose> = {
    mounts: [],
    points: [],
    environment: [],
  };
  for (const mount of step.mounts) await prepareMount(mount, step, inputs, prepared, undo);
  if (step.script !== undefined) {
    const file = writeFile(inputs, step.script.content, { mode: 0o755, uid: 0, gid: 0 }, undo);
    const target = step.args[0] ?? '';
    // Below /dev, which is the container's own: no mount point is left behind.
    prepared.mounts.push({ type: 'bind', source: file, target, readonly: true });
  }
  const held = undo.move();
  return { ...prepared, [Symbol.asyncDispose]: () => held.disposeAsync() };
}

async function prepareMount(
  mount: RunMount,
  step: RunStep,
  inputs: StepInputs,
  { mounts, points, environment }: Omit<PreparedMounts, typeof Symbol.asyncDispose>,
  undo: AsyncDisposableStack,
): Promise<void> {
  const { request, parts } = inputs.session;
  const view = parts.mounter.forCommand;
  const refuse = (message: string): Error => dockerfileError(step.source, step.range, message, 'NotFound');
  const bind = (source: string, target: string, readonly: boolean): void => {
    mounts.push({ type: 'bind', source, target, readonly });
    points.push({ path: target, kind: fs.statSync(source).isDirectory() ? 'directory' : 'file' });
  };
  switch (mount.type) {
    case 'tmpfs':
      mounts.push(mount);
      points.push({ path: mount.target, kind: 'directory' });
      return;
    case 'bind':
      bind(await bindSource(mount, step, inputs, undo), mount.target, !mount.writable);
      return;
    case 'cache':
      bind(view.path(await cacheDirectory(mount, inputs, undo)), mount.target, mount.readonly);
      return;
    case 'secret': {
      const secret = await request.secret(mount.id);
      if (secret === undefined) {
        if (!mount.required) return;
        throw refuse(`the secret "${mount.id}" was not given: build with --secret id=${mount.id},src=…`);
      }
      if (mount.env !== undefined) environment.push(`${mount.env}=${Buffer.from(secret).toString()}`);
      if (mount.target !== undefined) bind(writeFile(inputs, secret, mount, undo), mount.target, true);
      return;
    }
    case 'ssh': {
      const agent = await request.agent(mount.id);
      if (agent === undefined) {
        if (!mount.required) return;
        throw refuse(`no SSH agent was given: build with --ssh ${mount.id}`);
      }
      const owner = view.owner({ uid: 0, gid: 0 });
      if (view.differs) fs.chownSync(agent, owner.uid, owner.gid);
      const target = mount.target ?? `/run/buildkit/ssh_agent.${mount.id.replaceAll('/', '_')}`;
      bind(agent, target, false);
      environment.push(`SSH_AUTH_SOCK=${target}`);
    }
  }
}

/** The path on the host, links resolved inside the tree that it comes from. */
async function bindSource(
  mount: RunMount & { type: 'bind' },
  step: RunStep,
  { session, chainOf }: StepInputs,
  undo: AsyncDisposableStack,
): Promise<string> {
  const { tree, seen } =
    mount.from === undefined || mount.from.kind === 'context'
      ? await contextTree(session, mount.from?.name)
      : await chainTree(session, await chainOf(mount.from));
  const found = findInRoot(tree, mount.source);
  if (found === undefined) {
    throw dockerfileError(
      step.source,
      step.range,
      `"${mount.source.slice(1)}" of the mount is not there`,
      'NotFound',
    );
  }
  const source = path.join(seen, Buffer.from(found.path, 'latin1').toString());
  if (!mount.writable || !found.stat.isDirectory()) return source;
  return discardedOverlay(source, found.stat, session.parts, undo);
}

interface BindTree {
  tree: string;
  /** The same as commands see it. */
  seen: string;
}

async function contextTree({ contextDirectory, parts }: BuildSession, name?: string): Promise<BindTree> {
  const tree = await contextDirectory(name);
  return { tree, seen: parts.mounter.forCommand.path(tree) };
}

async function chainTree({ mounted, mountedForCommand }: BuildSession, chain: Chain): Promise<BindTree> {
  return { tree: (await mounted(chain)).root, seen: await mountedForCommand(chain) };
}

/** What is written goes with the command. */
function discardedOverlay(
  lower: string,
  { mode, uid, gid }: fs.Stats,
  { mounter, workDirectory, removeTree }: StepInputs['session']['parts'],
  undo: AsyncDisposableStack,
): string {
  const directory = path.join(workDirectory, randomUUID());
  const [root, upperDirectory, work] = ['root', 'upper', 'work'].map((name) =>
    path.join(directory, name),
  ) as [string, string, string];
  undo.defer(quietly('remove a build directory', () => removeTree(directory)));
  fs.mkdirSync(directory, { mode: 0o700 });
  for (const made of [root, upperDirectory, work]) fs.mkdirSync(made);
  fs.chownSync(upperDirectory, uid, gid);
  fs.chmodSync(upperDirectory, mode & 0o7777);
  mounter.mountForCommand(
    {
      type: 'overlay',
      lowerDirectories: [lower],
      upperDirectory: mounter.forCommand.path(upperDirectory),
      workDirectory: mounter.forCommand.path(work),
    },
    root,
  );
  undo.defer(quietly('unmount a bind of a build', () => mounter.unmount(root)));
  return root;
}

async function cacheDirectory(
  mount: RunMount & { type: 'cache' },
  { session, chainOf }: StepInputs,
  undo: AsyncDisposableStack,
): Promise<string> {
  const { parts, signal } = session;
  const held = undo.use(await parts.cacheMounts.acquire(mount, signal));
  if (held.fresh && mount.from !== undefined) {
    const tree =
      mount.from.kind === 'context'
        ? session.contextTree(mount.from.name)
        : createDiskTree((await session.mounted(await chainOf(mount.from))).root, parts.workers);
    const node = await tree.find(toBytePath(mount.source.slice(1)));
    if (node?.isDirectory) {
      const entries = placeEntries(tree.entries(node.path, signal), '', {});
      await parts.workers.unpack(held.directory, copyTar(entries), { whiteouts: 'literal', signal });
    }
  }
  return held.directory;
}

function writeFile(
  { session }: StepInputs,
  content: Uint8Array | string,
  attributes: { mode: number; uid: number; gid: number },
  undo: AsyncDisposableStack,
): string {
  const { runDirectory, mounter } = session.parts;
  const owner = mounter.forCommand.owner(attributes);
  const file = writePrivateFile(runDirectory, content, { ...attributes, ...owner });
  undo.defer(quietly('remove a file of a build', () => fs.rmSync(file, { force: true })));
  return file;
}
