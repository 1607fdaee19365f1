import { randomBytes } from 'node:crypto';
import { digestEntries } from '#build/copy/digest-entries.ts';
import { toBytePath } from '#build/copy/source-tree.ts';
import { dockerfileError } from '#build/dockerfile/source.ts';
import { chainKey, stepKey } from '#build/execute/chain.ts';
import { CommandFailure } from '#build/execute/command-failure.ts';
import { type MountPoint, makeMountPoints } from '#build/execute/mount-points.ts';
import { type PreparedMounts, prepareMounts } from '#build/execute/run-mounts.ts';
import type { ReadyStep, StepInputs } from '#build/execute/step-inputs.ts';
import { openWorkspace, type Workspace } from '#build/execute/workspace.ts';
import type { RunMount, RunStep } from '#build/steps.ts';
import { kindOf, messageOf } from '#errors/error.ts';
import { quietly } from '#errors/quietly.ts';
import type { Digest } from '#image/digest.ts';
import { formatPlatform, matchesPlatform } from '#image/platform.ts';

/** RUN. Secrets, agents, proxies and what caches hold are no part of the key. */
export function readyRun(step: RunStep, inputs: StepInputs): ReadyStep {
  const { session, chain } = inputs;
  const { request, signal, parts } = session;
  return {
    keys: [
      async () =>
        stepKey(
          'run',
          chainKey(chain),
          step.args,
          step.environment,
          step.workingDirectory,
          step.user,
          step.network ?? request.network,
          step.insecure,
          step.script,
          await Promise.all(step.mounts.map((mount) => mountKey(mount, inputs))),
          request.sourceDateEpoch,
        ),
    ],
    async run() {
      if (step.insecure && !request.allowInsecure) {
        throw dockerfileError(
          step.source,
          step.range,
          'RUN --security=insecure must be allowed: build with --allow security.insecure',
          'Forbidden',
        );
      }
      await using undo = new AsyncDisposableStack();
      const mounts = undo.use(await prepareMounts(step, inputs));
      const points = [...parts.runner.mountPoints, ...mounts.points];
      await using workspace = await openWithPoints(inputs, points, undo);
      const { onOutput, hint } = watchForForeignPrograms(inputs);
      const result = await runCommand(step, { ...inputs, onOutput }, mounts, workspace.root);
      if (result.exitCode !== 0) {
        const kept = request.keepFailed ? await keep(step, inputs, workspace) : undefined;
        throw new CommandFailure(step, result, { kept, hint: hint() });
      }
      return workspace.commit(request.sourceDateEpoch, signal);
    },
  };
}

/** An image of what a command left, in which a shell has what the command had. */
async function keep(
  step: RunStep,
  { session, chain, platform }: StepInputs,
  workspace: Workspace,
): Promise<Digest> {
  const left = await workspace.commit(undefined, session.signal);
  const config = {
    Env: [...step.environment],
    WorkingDir: step.workingDirectory,
    User: step.user,
    Cmd: ['/bin/sh'],
  };
  return session.keepImage(left === undefined ? chain : [...chain, left.diffId], config, platform);
}

/** Mount points that are missing would get into the layer when the runtime makes them. */
async function openWithPoints(
  { session, chain }: StepInputs,
  points: MountPoint[],
  undo: AsyncDisposableStack,
) {
  const { parts } = session;
  await using probe = await openWorkspace(parts, chain);
  const above = makeMountPoints(probe.root, points, parts.workDirectory);
  if (above === undefined) return openWorkspace(parts, chain, { forCommand: true });
  undo.defer(quietly('remove mount points', () => parts.removeTree(above)));
  return openWorkspace(parts, chain, { above, forCommand: true });
}

async function runCommand(
  step: RunStep,
  { session, onOutput }: StepInputs,
  mounts: PreparedMounts,
  root: string,
): Promise<{ exitCode: number; oomKilled: boolean }> {
  const { request, signal, parts } = session;
  let result: { exitCode: number; oomKilled: boolean };
  try {
    result = await parts.runner.run(
      {
        id: randomBytes(32).toString('hex'),
        rootDirectory: root,
        args: step.args,
        environment: [...step.environment, ...step.hiddenEnvironment, ...mounts.environment],
        workingDirectory: step.workingDirectory,
        user: step.user,
        mounts: mounts.mounts,
        network: step.network ?? request.network,
        insecure: step.insecure,
        limits: request.limits,
        onOutput,
      },
      signal,
    );
  } catch (error) {
    signal.throwIfAborted();
    throw dockerfileError(step.source, step.range, messageOf(error), kindOf(error));
  }
  signal.throwIfAborted();
  return result;
}

/**
 * The kernel's words for a program of another processor, which the runtime or a shell passes on, say nothing of what helps.
 * @returns what is to see the output, and the hint afterwards, if there is one
 */
function watchForForeignPrograms({ platform, session, onOutput }: StepInputs) {
  const { hostPlatform } = session.parts;
  const foreign = !matchesPlatform(platform, hostPlatform);
  let refused = false;
  return {
    onOutput(stream: 'stdout' | 'stderr', bytes: Uint8Array): void {
      refused ||= foreign && /exec format error/i.test(Buffer.from(bytes).toString('latin1'));
      onOutput(stream, bytes);
    },
    hint: () =>
      refused
        ? `The stage is for ${formatPlatform(platform)}, and this host is ${formatPlatform(hostPlatform)}. To run its programs here, install qemu-user-static and register it with the kernel (binfmt_misc).`
        : undefined,
  };
}

async function mountKey(mount: RunMount, { session, chainOf }: StepInputs): Promise<unknown> {
  if (mount.type === 'bind') {
    const { type, source, target, writable } = mount;
    if (mount.from !== undefined && mount.from.kind !== 'context')
      return [type, source, target, writable, chainKey(await chainOf(mount.from))];
    const tree = session.contextTree(mount.from?.name);
    const node = await tree.find(toBytePath(source.slice(1)));
    const content = node && (await digestEntries(tree.entries(node.path, session.signal)));
    return [type, source, target, writable, content];
  }
  if (mount.type === 'cache') {
    const { from, ...rest } = mount;
    if (from?.kind === 'context') return [rest, from];
    return [rest, from === undefined ? undefined : chainKey(await chainOf(from))];
  }
  return mount;
}
