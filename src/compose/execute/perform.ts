import type { Client } from '#client/client.ts';
import { killContainer, pauseContainer, removeContainer, unpauseContainer } from '#client/containers.ts';
import { removeImage } from '#client/images.ts';
import { createNetwork, removeNetwork } from '#client/networks.ts';
import { createVolume, removeVolume } from '#client/volumes.ts';
import { awaitCondition } from '#compose/await-condition.ts';
import { createFrom, replaceBy } from '#compose/execute/create.ts';
import { restartWithHooks, startWithHooks, stopWithHooks } from '#compose/execute/hooks.ts';
import { ifThere, ifUnused } from '#compose/execute/tolerate.ts';
import type { Action } from '#compose/plan.ts';

interface Surroundings {
  readonly client: Client;
  readonly signal: AbortSignal;
  /** Aborted too when another step has failed: there is nothing left to wait for. */
  readonly halted: AbortSignal;
  readonly dryRun: boolean;
}

interface Performance {
  /** What is being done, and in the end what was. */
  readonly text: string;
  readonly over: Promise<string>;
}

/** Begins one action, or in a dry run says only what it would say. */
export function perform(action: Action, { client, signal, halted, dryRun }: Surroundings): Performance {
  const { text, ended, run } = describe(action, client, signal, halted);
  if (dryRun) return { text, over: Promise.resolve(ended) };
  return { text, over: run().then((otherwise) => (typeof otherwise === 'string' ? otherwise : ended)) };
}

interface Description {
  readonly text: string;
  readonly ended: string;
  /** A text that it answers with stands in the place of `ended`. */
  run(): Promise<unknown>;
}

function describe(action: Action, client: Client, signal: AbortSignal, halted: AbortSignal): Description {
  switch (action.kind) {
    case 'create-network':
      return {
        text: 'Creating',
        ended: 'Created',
        run: () => createNetwork(client, action.request, signal),
      };
    case 'create-volume':
      return {
        text: 'Creating',
        ended: 'Created',
        run: () => createVolume(client, action.request, signal),
      };
    case 'create-container':
      return { text: 'Creating', ended: 'Created', run: () => createFrom(client, action.container, signal) };
    case 'replace-container':
      return { text: 'Recreating', ended: 'Recreated', run: () => replaceBy(client, action, signal) };
    case 'start-container':
      return { text: 'Starting', ended: 'Started', run: () => startWithHooks(client, action, signal) };
    case 'stop-container':
      return {
        text: 'Stopping',
        ended: 'Stopped',
        run: () => stopWithHooks(client, action, signal),
      };
    case 'restart-container':
      return {
        text: 'Restarting',
        ended: 'Restarted',
        run: () => restartWithHooks(client, action, signal),
      };
    case 'kill-container':
      return {
        text: 'Killing',
        ended: 'Killed',
        run: () => killContainer(client, action.id, action.signal, signal),
      };
    case 'pause-container':
      return { text: 'Pausing', ended: 'Paused', run: () => pauseContainer(client, action.id, signal) };
    case 'unpause-container':
      return { text: 'Unpausing', ended: 'Unpaused', run: () => unpauseContainer(client, action.id, signal) };
    case 'remove-container': {
      const query = { v: action.volumes, force: action.force };
      return {
        text: 'Removing',
        ended: 'Removed',
        run: () => ifThere(removeContainer(client, action.id, query, signal)),
      };
    }
    case 'await-container':
      return {
        text: 'Waiting',
        ended: { healthy: 'Healthy', completed: 'Exited', ready: 'Ready' }[action.condition],
        run: () => awaitCondition(client, action, halted),
      };
    case 'remove-network':
      return {
        text: 'Removing',
        ended: 'Removed',
        run: () => ifUnused(removeNetwork(client, action.name, signal)),
      };
    case 'remove-volume':
      return {
        text: 'Removing',
        ended: 'Removed',
        run: () => ifUnused(removeVolume(client, action.name, {}, signal)),
      };
    case 'remove-image':
      return {
        text: 'Removing',
        ended: 'Removed',
        run: () => ifUnused(removeImage(client, action.name, {}, signal)),
      };
  }
}
