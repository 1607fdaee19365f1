import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  findClosureViolations,
  findCycles,
  findDeadExports,
  findForbiddenImports,
  findPrivateImports,
  type Violation,
} from './find-violations.ts';
import { type ImportGraph, parseImportGraph } from './import-graph.ts';

function tree(files: Record<string, string>): ImportGraph {
  return parseImportGraph(new Map(Object.entries(files)));
}

function chains(violations: Violation[]): string[] {
  return violations.map(({ rule, chain }) => `${rule}: ${chain.join(' → ')}`);
}

const rules = {
  errors: { mayImport: [], reason: 'for all' },
  low: { mayImport: [], reason: 'lowest' },
  high: { mayImport: ['low/open.ts'], reason: 'knows one page' },
};

describe('layer check', () => {
  it('accepts what the table allows: errors for all, a room, or one page of a room', () => {
    const graph = tree({
      'src/errors/error.ts': 'export const a = 1;',
      'src/low/open.ts': "import { a } from '#errors/error.ts';",
      'src/high/top.ts': "import { a } from '#low/open.ts';",
    });
    assert.deepEqual(findForbiddenImports(graph, rules), []);
  });

  it('names both files of a forbidden import, types included', () => {
    const graph = tree({
      'src/low/open.ts': "import type { Top } from '#high/top.ts';",
      'src/low/other.ts': '',
      'src/high/top.ts': "import {\n  a,\n  b,\n} from '#low/other.ts';",
    });
    assert.deepEqual(chains(findForbiddenImports(graph, rules)), [
      'high may not import low: src/high/top.ts → src/low/other.ts',
      'low may not import high: src/low/open.ts → src/high/top.ts',
    ]);
  });

  it('leaves tests alone', () => {
    const graph = tree({
      'src/low/open.test.ts': "import { a } from '#high/top.ts';",
      'src/high/top.ts': '',
      'src/high/parts/inner.ts': '',
      'test/whole.test.ts': "import { a } from '#high/parts/inner.ts';",
    });
    assert.deepEqual(findForbiddenImports(graph, rules), []);
    assert.deepEqual(findPrivateImports(graph), []);
  });

  it('asks for a row for every room', () => {
    const graph = tree({ 'src/new/a.ts': '', 'src/new/b.ts': '' });
    assert.deepEqual(chains(findForbiddenImports(graph, rules)), [
      'room new has no row in tools/layers/rules.ts: src/new/a.ts',
    ]);
  });

  it('keeps folders of a room private to it', () => {
    const graph = tree({
      'src/low/open.ts': "export { a } from '#low/parts/inner.ts';",
      'src/low/parts/inner.ts': '',
      'src/high/top.ts': "import { a } from '#low/parts/inner.ts';",
    });
    assert.deepEqual(chains(findPrivateImports(graph)), [
      'private file imported from outside its room: src/high/top.ts → src/low/parts/inner.ts',
    ]);
  });

  it('reports an import of a file that is not there', () => {
    const graph = tree({ 'src/low/open.ts': "import { a } from './gone.ts';" });
    assert.deepEqual(chains(findPrivateImports(graph)), [
      'imported file does not exist: src/low/open.ts → src/low/gone.ts',
    ]);
  });

  it('finds what a room reaches indirectly, through dynamic imports and workers as well', () => {
    const graph = tree({
      'src/small/main.ts': "const it = await import('#middle/a.ts');",
      'src/middle/a.ts': "new Worker(new URL('./b.ts', import.meta.url));\nimport fs from 'node:fs';",
      'src/middle/b.ts': "import { big } from '#big/engine.ts';",
      'src/big/engine.ts': '',
    });
    const rule = { room: 'small', mayReach: ['middle'], mayNotUse: ['node:fs'], reason: 'small' };
    assert.deepEqual(chains(findClosureViolations(graph, [rule])), [
      'small must not reach node:fs: src/small/main.ts → src/middle/a.ts → node:fs',
      'small must not reach big: src/small/main.ts → src/middle/a.ts → src/middle/b.ts → src/big/engine.ts',
    ]);
  });

  it('finds cycles of files at run time and of rooms even by types', () => {
    const graph = tree({
      'src/low/a.ts': "import { b } from './b.ts';",
      'src/low/b.ts': "import { c } from './c.ts';",
      'src/low/c.ts': "import { a } from './a.ts';\nimport type { Top } from '#high/top.ts';",
      'src/high/top.ts': "import type { A } from '#low/a.ts';",
      'src/high/types.ts': "import type { T } from './twin.ts';",
      'src/high/twin.ts': "import type { T } from './types.ts';",
    });
    assert.deepEqual(chains(findCycles(graph)), [
      'cycle of files: src/low/a.ts → src/low/b.ts → src/low/c.ts → src/low/a.ts',
      'cycle of rooms: high → low → high',
    ]);
  });

  it('finds exported values that nobody imports', () => {
    const graph = tree({
      'src/low/a.ts':
        'export function used() {}\nexport async function dead() {}\nexport interface Shape {}\nexport { one, two as three };',
      'src/low/main.ts': 'export const started = 1;',
      'src/low/whole.ts': 'export class Anything {}',
      'src/low/a.test.ts': "import { used, three } from './a.ts';\nimport * as whole from './whole.ts';",
    });
    assert.deepEqual(chains(findDeadExports(graph, new Set(['src/low/main.ts']))), [
      'exported but used nowhere: src/low/a.ts: dead',
      'exported but used nowhere: src/low/a.ts: one',
    ]);
  });

  it('does not take comments and texts for imports', () => {
    const graph = tree({
      'src/low/a.ts':
        "/**\n * import { x } from '#high/top.ts';\n */\n// import('#high/top.ts')\nconst text = `\n  import { y } from '#high/top.ts';\n`;",
      'src/high/top.ts': '',
    });
    assert.deepEqual(graph.get('src/low/a.ts')?.imports, []);
  });

  it('does not take the texts of a test for its imports, and still sees what stands beside texts', () => {
    const graph = tree({
      'src/low/a.test.ts': [
        '  load: () => "await import(\'#high/top.ts\')",',
        '  start: () => "new Worker(new URL(\'./gone.ts\', import.meta.url))",',
        "  both: ['\"', import('#high/top.ts'), '\"'],",
      ].join('\n'),
      'src/high/top.ts': '',
    });
    assert.deepEqual(
      graph.get('src/low/a.test.ts')?.imports.map(({ specifier }) => specifier),
      ['#high/top.ts'],
    );
  });
});
