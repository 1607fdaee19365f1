import { copyTar } from '#build/copy/copy-tar.ts';
import { findDestination } from '#build/copy/in-root.ts';
import { newDirectory } from '#build/copy/new-directory.ts';
import { dockerfileError } from '#build/dockerfile/source.ts';
import { chainKey, stepKey } from '#build/execute/chain.ts';
import type { ReadyStep, StepInputs } from '#build/execute/step-inputs.ts';
import { openWorkspace } from '#build/execute/workspace.ts';
import type { WorkdirStep } from '#build/steps.ts';

/** Makes the directory and those above it, owned by the user of the stage. */
export function readyWorkdir(step: WorkdirStep, { session, chain }: StepInputs): ReadyStep {
  const { parts, request, signal } = session;
  return {
    keys: [async () => stepKey('workdir', chainKey(chain), step.path, step.user, request.sourceDateEpoch)],
    async run() {
      await using workspace = await openWorkspace(parts, chain);
      const { root } = workspace;
      const destination = findDestination(root, step.path);
      if (destination.kind === 'directory') return undefined;
      if (destination.kind === 'other') {
        throw dockerfileError(step.source, step.range, `${step.path} is there and is not a directory`);
      }
      const owner = step.user === '' ? { uid: 0, gid: 0 } : parts.resolveOwner(root, step.user);
      const missing = [...destination.missingParents, destination.path];
      await parts.workers.unpack(root, copyTar(iterate(missing.map((path) => newDirectory(path, owner)))), {
        whiteouts: 'literal',
        signal,
      });
      return workspace.commit(request.sourceDateEpoch, signal);
    },
  };
}

async function* iterate<Item>(items: readonly Item[]): AsyncGenerator<Item, void> {
  yield* items;
}
