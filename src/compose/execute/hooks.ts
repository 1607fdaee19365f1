import type { Client } from '#client/client.ts';
import { inspectContainer, restartContainer, startContainer, stopContainer } from '#client/containers.ts';
import { ifThere } from '#compose/execute/tolerate.ts';
import type { Hook, Hooks } from '#compose/plan.ts';
import { runHook } from '#compose/run-hook.ts';

interface Subject {
  /** Of the container. */
  readonly id: string;
  readonly hooks?: Hooks;
}

interface Stopped extends Subject {
  readonly timeoutSeconds: number | undefined;
}

/** The container counts as started when all that its service wants to be run in it then has been. */
export async function startWithHooks(
  client: Client,
  { id, hooks }: Subject,
  signal: AbortSignal,
): Promise<void> {
  await startContainer(client, id, signal);
  await runAll(client, id, hooks?.post_start, signal);
}

/** What is not there, or does not run, has nothing to be run in and needs not be stopped. */
export async function stopWithHooks(
  client: Client,
  { id, hooks, timeoutSeconds }: Stopped,
  signal: AbortSignal,
): Promise<void> {
  await ifThere(runIfRunning(client, id, hooks?.pre_stop, signal));
  await ifThere(stopContainer(client, id, { t: timeoutSeconds }, signal));
}

export async function restartWithHooks(
  client: Client,
  { id, hooks, timeoutSeconds }: Stopped,
  signal: AbortSignal,
): Promise<void> {
  await runIfRunning(client, id, hooks?.pre_stop, signal);
  await restartContainer(client, id, { t: timeoutSeconds }, signal);
  await runAll(client, id, hooks?.post_start, signal);
}

async function runIfRunning(
  client: Client,
  id: string,
  hooks: readonly Hook[] | undefined,
  signal: AbortSignal,
): Promise<void> {
  if (hooks === undefined) return;
  const { State: state } = await inspectContainer(client, id, {}, signal);
  if (state.Running && !state.Paused) await runAll(client, id, hooks, signal);
}

/** One after the other, in the order of the file. */
async function runAll(
  client: Client,
  id: string,
  hooks: readonly Hook[] | undefined,
  signal: AbortSignal,
): Promise<void> {
  for (const hook of hooks ?? []) await runHook(client, id, hook, signal);
}
