import { type CheckOptions, checkBlobs } from '#engine/store-check/blobs.ts';
import { checkLayers } from '#engine/store-check/layers.ts';
import type { CheckParts } from '#engine/store-check/parts.ts';
import type { StoreCheckService, StoreProblem } from '#engine/store-check.ts';

export type { CheckParts } from '#engine/store-check/parts.ts';

export function createStoreCheckService(parts: CheckParts): StoreCheckService {
  return {
    async run(options) {
      const problems = await findProblems(parts, options);
      await parts.database.durable();
      if (options.repair) await parts.collector.collect();
      return problems;
    },
  };
}

async function findProblems(parts: CheckParts, options: CheckOptions): Promise<StoreProblem[]> {
  // What is fetched to mend something is not collected before it is in its place.
  using _lease = parts.collector.lease();
  const problems: StoreProblem[] = [];
  const found = (problem: StoreProblem): void => void problems.push(problem);
  checkDatabase(parts, options.repair, found);
  await checkBlobs(parts, options, found);
  await checkLayers(parts, options, found);
  await removeStrays(parts, options.repair, found);
  return problems;
}

function checkDatabase(
  { database, references }: CheckParts,
  repair: boolean,
  found: (problem: StoreProblem) => void,
): void {
  const problems = database.problems();
  if (problems.length === 0) return;
  if (repair) references.rebuildIndexes();
  const left = repair ? database.problems() : problems;
  for (const detail of problems) {
    found({
      kind: 'database',
      subject: 'dhow.db',
      detail,
      outcome: !repair ? 'found' : left.includes(detail) ? 'not-mended' : 'mended',
      remedy: left.includes(detail)
        ? 'start the daemon anew: it rescues what can be read and takes the rest from the last copy'
        : 'indexes rebuilt',
    });
  }
}

async function removeStrays(
  { content, layers }: CheckParts,
  repair: boolean,
  found: (problem: StoreProblem) => void,
): Promise<void> {
  for (const subject of [...content.strays(), ...layers.strays()]) {
    if (repair) await layers.removeStray(subject);
    found({
      kind: 'stray',
      subject,
      detail: 'it belongs to nothing',
      outcome: repair ? 'mended' : 'found',
      remedy: repair ? 'removed' : 'it can be removed',
    });
  }
}
