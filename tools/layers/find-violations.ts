import type { ImportGraph } from './import-graph.ts';
import type { ClosureRule, RoomRule } from './rules.ts';

/** One broken rule, with the import or the chain of imports that breaks it. */
export interface Violation {
  rule: string;
  chain: string[];
  reason: string;
}

/** Direct imports that the table does not allow, and rooms that it does not name. */
export function findForbiddenImports(
  graph: ImportGraph,
  rules: Readonly<Record<string, RoomRule>>,
): Violation[] {
  const violations: Violation[] = [];
  const unknown = new Set<string>();
  for (const file of productFiles(graph)) {
    const room = roomOf(file);
    const rule = room === undefined ? undefined : rules[room];
    if (room === undefined) continue;
    if (!rule) {
      if (!unknown.has(room)) {
        violations.push({
          rule: `room ${room} has no row in tools/layers/rules.ts`,
          chain: [file],
          reason: 'a new room states first whom it may know',
        });
      }
      unknown.add(room);
      continue;
    }
    for (const { target } of graph.get(file)?.imports ?? []) {
      const other = target === undefined ? undefined : roomOf(target);
      if (target === undefined || other === undefined || other === room || other === 'errors') continue;
      if (rule.mayImport.includes(other) || rule.mayImport.includes(target.slice('src/'.length))) continue;
      violations.push({
        rule: `${room} may not import ${other}`,
        chain: [file, target],
        reason: rule.reason,
      });
    }
  }
  return violations;
}

/** Imports from outside of a room of files that lie in its folders, and of files that do not exist. */
export function findPrivateImports(graph: ImportGraph): Violation[] {
  const violations: Violation[] = [];
  for (const [file, { imports }] of graph) {
    for (const { target } of imports) {
      if (target === undefined) continue;
      if (!graph.has(target) && target.endsWith('.ts')) {
        violations.push({
          rule: 'imported file does not exist',
          chain: [file, target],
          reason: 'a stale import',
        });
      } else if (isTest(file) || roomOf(file) === roomOf(target) || isTestSupport(target)) {
      } else if (roomOf(target) !== undefined && target.split('/').length > 3) {
        violations.push({
          rule: 'private file imported from outside its room',
          chain: [file, target],
          reason: 'depth is visibility: only the files directly in src/<room>/ are for others',
        });
      }
    }
  }
  return violations;
}

/** Files that a room reaches over any number of imports although its closure rule forbids them; one sample chain each. */
export function findClosureViolations(graph: ImportGraph, rules: readonly ClosureRule[]): Violation[] {
  const violations: Violation[] = [];
  for (const rule of rules) {
    const seen = new Set<string>();
    const reported = new Set<string>();
    const queue = productFiles(graph)
      .filter((file) => roomOf(file) === rule.room)
      .map((file) => [file]);
    for (let chain = queue.shift(); chain; chain = queue.shift()) {
      const file = chain.at(-1) ?? '';
      if (seen.has(file)) continue;
      seen.add(file);
      for (const { specifier, target, typeOnly } of graph.get(file)?.imports ?? []) {
        const offence =
          target === undefined
            ? !typeOnly && rule.mayNotUse.includes(specifier) && specifier
            : roomOf(target) !== rule.room && !rule.mayReach.includes(roomOf(target) ?? '') && roomOf(target);
        if (!offence) {
          if (target !== undefined) queue.push([...chain, target]);
        } else if (!reported.has(offence)) {
          reported.add(offence);
          violations.push({
            rule: `${rule.room} must not reach ${offence}`,
            chain: [...chain, target ?? specifier],
            reason: rule.reason,
          });
        }
      }
    }
  }
  return violations;
}

/** Circles of files (by imports that exist at run time) and of rooms (by all imports). */
export function findCycles(graph: ImportGraph): Violation[] {
  const files = new Map<string, Set<string>>();
  const rooms = new Map<string, Set<string>>();
  for (const file of productFiles(graph)) {
    const targets = new Set<string>();
    for (const { target, typeOnly } of graph.get(file)?.imports ?? []) {
      if (target === undefined) continue;
      if (!typeOnly) targets.add(target);
      const [from, to] = [roomOf(file), roomOf(target)];
      if (from !== undefined && to !== undefined && from !== to) {
        rooms.set(from, (rooms.get(from) ?? new Set()).add(to));
      }
    }
    files.set(file, targets);
  }
  return [
    ...circles(files).map((chain) => ({
      rule: 'cycle of files',
      chain,
      reason: 'neither can be read or loaded alone',
    })),
    ...circles(rooms).map((chain) => ({
      rule: 'cycle of rooms',
      chain,
      reason: 'rooms that need each other are one room',
    })),
  ];
}

/** Exported functions, constants and classes that no other file imports. */
export function findDeadExports(graph: ImportGraph, entryPoints: ReadonlySet<string>): Violation[] {
  const used = new Map<string, Set<string>>();
  for (const { imports } of graph.values()) {
    for (const { target, names } of imports) {
      if (target === undefined) continue;
      const known = used.get(target) ?? new Set();
      for (const name of names) known.add(name);
      used.set(target, known);
    }
  }
  const violations: Violation[] = [];
  for (const file of productFiles(graph)) {
    if (entryPoints.has(file)) continue;
    const names = used.get(file) ?? new Set();
    for (const name of graph.get(file)?.exportedValues ?? []) {
      if (names.has(name) || names.has('*')) continue;
      violations.push({
        rule: 'exported but used nowhere',
        chain: [`${file}: ${name}`],
        reason: 'dead code misleads',
      });
    }
  }
  return violations;
}

/** One chain for each circle found by depth-first search; a chain begins and ends with the same node. */
function circles(edges: ReadonlyMap<string, ReadonlySet<string>>): string[][] {
  const found: string[][] = [];
  const done = new Set<string>();
  const visit = (node: string, trail: string[]): void => {
    const at = trail.indexOf(node);
    if (at >= 0) {
      found.push([...trail.slice(at), node]);
      return;
    }
    if (done.has(node)) return;
    for (const next of edges.get(node) ?? []) visit(next, [...trail, node]);
    done.add(node);
  };
  for (const node of edges.keys()) visit(node, []);
  return found;
}

function productFiles(graph: ImportGraph): string[] {
  return [...graph.keys()]
    .filter((file) => file.startsWith('src/') && !isTest(file) && !isTestSupport(file))
    .sort();
}

function roomOf(file: string): string | undefined {
  return /^src\/([^/]+)\//.exec(file)?.[1];
}

/** Tests may import anything: they hold rooms together that must not know each other. */
function isTest(file: string): boolean {
  return /\.test\.ts$|\/testing\//.test(file) || !file.startsWith('src/');
}

function isTestSupport(file: string): boolean {
  return file.includes('/testing/');
}
