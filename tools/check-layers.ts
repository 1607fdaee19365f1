/**
 * Holds the source tree to its architecture: who may import whom, depth is visibility, no cycles, small closures, no dead exports.
 * Prints one sample chain of imports for each violation and exits with 1. Run: tools/node tools/check-layers.ts
 */
import path from 'node:path';
import {
  findClosureViolations,
  findCycles,
  findDeadExports,
  findForbiddenImports,
  findPrivateImports,
  type Violation,
} from './layers/find-violations.ts';
import { readImportGraph } from './layers/import-graph.ts';
import { closureRules, entryPoints, roomRules } from './layers/rules.ts';

const root = path.dirname(import.meta.dirname);
const graph = readImportGraph(root, ['src', 'test', 'tools', 'bench']);
const violations: Violation[] = [
  ...findForbiddenImports(graph, roomRules),
  ...findPrivateImports(graph),
  ...findClosureViolations(graph, closureRules),
  ...findCycles(graph),
  ...findDeadExports(graph, entryPoints),
];

for (const { rule, chain, reason } of violations) {
  console.error(`${rule}\n    ${chain.join('\n    → ')}\n    because: ${reason}`);
}
if (violations.length > 0) {
  console.error(`check-layers: ${violations.length} violations in ${graph.size} files`);
  process.exitCode = 1;
} else {
  console.log(`check-layers: ${graph.size} files keep to the layers`);
}
