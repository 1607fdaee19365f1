import { existsSync } from 'node:fs';
import { join, posix } from 'node:path';
import { packContext } from '#cli/commands/build/pack-context.ts';
import type { Trigger } from '#cli/commands/compose/watch/triggers.ts';
import { packLocal } from '#cli/commands/container/copy/pack-local.ts';
import type { CliContext } from '#cli/context.ts';
import { writeArchive } from '#client/archive.ts';
import { createExec, startExecDetached } from '#client/exec.ts';
import { observeContainers } from '#compose/observe.ts';
import type { Hook } from '#compose/plan.ts';
import type { Project } from '#compose/project.ts';
import { runHook } from '#compose/run-hook.ts';

/** Makes paths, relative to the trigger's directory, in the service's containers as they are on the host: copied, or removed. */
export async function syncPaths(
  context: CliContext,
  project: Project,
  trigger: Trigger,
  paths: readonly string[],
): Promise<void> {
  const { client, signal } = context;
  const target = trigger.target ?? '/';
  const containers = await findRunning(context, project, trigger);
  for (const path of paths) {
    const local = join(trigger.directory, path);
    const remote = trigger.file === undefined ? posix.join(target, path) : target;
    for (const id of containers) {
      if (existsSync(local)) {
        const archive = packLocal(local, remote.replace(/^\/+/, ''));
        await writeArchive(client, id, '/', archive, { copyUIDGID: false }, signal);
      } else {
        const { Id: exec } = await createExec(client, id, { Cmd: ['rm', '-rf', '--', remote] }, signal);
        await startExecDetached(client, exec, {}, signal);
      }
    }
  }
}

/** Copies all that the trigger watches. */
export async function syncAll(context: CliContext, project: Project, trigger: Trigger): Promise<void> {
  if (trigger.file !== undefined) return syncPaths(context, project, trigger, [trigger.file]);
  const rules = { excludes: (path: string) => !trigger.includes(path), skipsDirectory: () => false };
  const prefix = `${posix.join('/', trigger.target ?? '').slice(1)}/`;
  const root = { directory: trigger.directory, prefix, rules, kept: new Set<string>() };
  for (const id of await findRunning(context, project, trigger)) {
    const options = { copyUIDGID: false };
    await writeArchive(context.client, id, '/', packContext([root], []), options, context.signal);
  }
}

/** Runs what `exec` says in all containers of the service. */
export async function execHook(
  context: CliContext,
  project: Project,
  trigger: Trigger,
  hook: Hook,
): Promise<void> {
  for (const id of await findRunning(context, project, trigger)) {
    await runHook(context.client, id, hook, context.signal);
  }
}

async function findRunning(context: CliContext, project: Project, trigger: Trigger): Promise<string[]> {
  const all = await observeContainers(context.client, project.name, context.signal);
  return all
    .filter(({ service, state, oneOff }) => service === trigger.service && state === 'running' && !oneOff)
    .map(({ id }) => id);
}
