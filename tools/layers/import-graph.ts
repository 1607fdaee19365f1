import fs from 'node:fs';
import path from 'node:path';

/** One import of one file: what it names, and whether it exists at run time (`import type` does not). */
export interface Import {
  /** As written: `#image/digest.ts`, `./server.ts`, `node:fs`, `koffi`. */
  specifier: string;
  /** Path below the root when the specifier names a file of the tree. */
  target: string | undefined;
  typeOnly: boolean;
  /** Names taken from the target; `*` when all are reachable (namespace and dynamic imports, workers). */
  names: string[];
}

export interface SourceFile {
  /** Path below the root, such as `src/image/digest.ts`. */
  path: string;
  imports: Import[];
  /** Exported functions, constants and classes. Types are left out: they describe and cost nothing. */
  exportedValues: string[];
}

/** Every TypeScript file of a tree by its path. */
export type ImportGraph = ReadonlyMap<string, SourceFile>;

// The formatter puts every statement of a module at the start of a line, which is what makes a few patterns enough:
// within comments and template texts lines begin with a star or with spaces.
const statement =
  /^(?:import|export)\s+(type\s+)?((?:[\w$]+\s*,\s*)?(?:\{[^}]*\}|\*(?:\s+as\s+[\w$]+)?)|[\w$]+)\s+from\s+'([^'\n]+)'/gm;
const bareImport = /^import\s+'([^'\n]+)'/gm;
// These two may stand anywhere in a line. Other texts are matched as well, without a group, so that code within them is passed over.
const quoted = /"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'/.source;
const dynamicImport = new RegExp(`\\bimport\\(\\s*'([^'\\n]+)'\\s*\\)|${quoted}`, 'g');
const workerFile = new RegExp(
  `new URL\\(\\s*'([^'\\n]+\\.ts)',\\s*import\\.meta\\.url\\s*\\)|${quoted}`,
  'g',
);
const exportedDeclaration = /^export\s+(?:async\s+)?(?:function\*?|const|let|class)\s+([\w$]+)/gm;
const exportList = /^export\s+\{([^}]*)\}\s*;/gm;
const commentLine = /^\s*(?:\/\/|\*|\/\*).*$/gm;

/** Reads all `.ts` files below `folders` of `root`. */
export function readImportGraph(root: string, folders: readonly string[]): ImportGraph {
  const texts = new Map<string, string>();
  for (const folder of folders) {
    const absolute = path.join(root, folder);
    if (!fs.existsSync(absolute)) continue;
    for (const name of fs.readdirSync(absolute, { recursive: true, encoding: 'utf8' })) {
      if (name.endsWith('.ts')) {
        texts.set(path.posix.join(folder, name), fs.readFileSync(path.join(absolute, name), 'utf8'));
      }
    }
  }
  return parseImportGraph(texts);
}

/** The graph of files given as texts by path. */
export function parseImportGraph(texts: ReadonlyMap<string, string>): ImportGraph {
  const graph = new Map<string, SourceFile>();
  for (const [file, text] of texts) graph.set(file, parseFile(file, text));
  return graph;
}

function parseFile(file: string, text: string): SourceFile {
  const code = text.replaceAll(commentLine, '');
  const imports: Import[] = [];
  const add = (specifier: string, typeOnly: boolean, names: string[]): void => {
    imports.push({ specifier, target: resolve(file, specifier), typeOnly, names });
  };
  for (const [, type, clause = '', specifier = ''] of code.matchAll(statement)) {
    add(specifier, type !== undefined, namesOf(clause));
  }
  for (const [, specifier = ''] of code.matchAll(bareImport)) add(specifier, false, []);
  for (const pattern of [dynamicImport, workerFile]) {
    for (const [, specifier] of code.matchAll(pattern)) {
      if (specifier !== undefined) add(specifier, false, ['*']);
    }
  }
  return { path: file, imports, exportedValues: exportsOf(code) };
}

function namesOf(clause: string): string[] {
  const braces = /\{([^}]*)\}/.exec(clause)?.[1];
  if (braces === undefined) return ['*'];
  return splitNames(braces).map((name) => name.replace(/^type\s+/, '').replace(/\s+as\s+.*$/s, ''));
}

function exportsOf(code: string): string[] {
  const declared = [...code.matchAll(exportedDeclaration)].map(([, name = '']) => name);
  const listed = [...code.matchAll(exportList)].flatMap(([, names = '']) =>
    splitNames(names)
      .filter((name) => !name.startsWith('type '))
      .map((name) => name.replace(/^.*\s+as\s+/s, '')),
  );
  return [...declared, ...listed];
}

function splitNames(list: string): string[] {
  return list
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '');
}

function resolve(file: string, specifier: string): string | undefined {
  if (specifier.startsWith('#')) return path.posix.join('src', specifier.slice(1));
  if (specifier.startsWith('.')) return path.posix.join(path.posix.dirname(file), specifier);
  return undefined;
}
