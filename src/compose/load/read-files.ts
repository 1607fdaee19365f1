import { dirname, resolve } from 'node:path';
import { parseEnvFile } from '#compose/document/env-file.ts';
import { interpolate, type Variables } from '#compose/document/interpolate.ts';
import {
  asMapping,
  complain,
  describePlace,
  isNull,
  type MappingNode,
  mapping,
  type Node,
  type Place,
  withEntry,
} from '#compose/document/node.ts';
import { parseYaml } from '#compose/document/parse.ts';
import { resolveExtends } from '#compose/load/extends.ts';
import { clean, merge } from '#compose/load/merge.ts';
import { normaliseFile } from '#compose/load/normalise.ts';
import { fields, listOf, text } from '#compose/model/decode.ts';
import { isRemote } from '#compose/remote-address.ts';
import { DhowError, isDhowError } from '#errors/error.ts';

/** What loading needs of the world. */
export interface Sources {
  /** The text of a file; `-` is the standard input. Throws NotFound when it is not there. */
  read(path: string): string;
  /** The path of the file that an address of elsewhere names, brought to this machine. */
  fetch(address: string): string;
  readonly home: string | undefined;
  /** Told once for each variable that is empty because nobody set it. */
  onUnset(name: string): void;
}

export interface FileSet {
  readonly files: readonly string[];
  /** Relative paths in these files start here. */
  readonly directory: string;
  readonly variables: Variables;
  /** Undefined: as the specification says. */
  readonly written?: AsWritten | undefined;
}

/** What is left as it stands in the files. */
export interface AsWritten {
  readonly variables: boolean;
  readonly paths: boolean;
}

const maximumIncludes = 100;

/** Reads and merges several files in their order; the result holds neither `extends` nor `include`. */
export function readFiles(set: FileSet, sources: Sources, trail: readonly string[] = []): MappingNode {
  let merged: MappingNode | undefined;
  for (const file of set.files) {
    for (const document of readDocuments(file, set, sources)) {
      const lookUp = (path: string) => {
        const other = resolve(set.directory, path);
        const otherSet = { ...set, files: [other], directory: dirname(other) };
        const layers = readDocuments(other, otherSet, sources);
        const whole = layers.reduce<Node | undefined>(
          (sum, next) => (sum ? merge(sum, next) : next),
          undefined,
        );
        return { file: other, content: asMapping(whole ?? mapping([], document.at), other) };
      };
      const extended = resolveExtends(file, document, lookUp);
      const complete = addIncludes(extended, set, sources, [...trail, file]);
      merged = merged === undefined ? complete : asMapping(merge(merged, complete), file);
    }
  }
  return asMapping(
    clean(merged ?? mapping([], { file: set.files[0] ?? '', line: 1, column: 1 })),
    'the file',
  );
}

/** What the last of the files calls the project; looked for before the rest is interpolated, which may use the name. */
export function findName(set: FileSet, sources: Sources): string | undefined {
  let found: string | undefined;
  for (const file of set.files) {
    for (const node of parseYaml(file, sources.read(file))) {
      const name = node.kind === 'mapping' ? node.entries.get('name') : undefined;
      if (name !== undefined && !isNull(name))
        found = text(
          interpolate(name, set.variables, () => {}),
          'name',
        );
    }
  }
  return found;
}

function readDocuments(file: string, set: FileSet, sources: Sources): MappingNode[] {
  return parseYaml(file, sources.read(file)).map((node) => {
    if (node.kind !== 'mapping') throw complain(node.at, 'a Compose file must be a mapping');
    const { variables, written } = set;
    const interpolated = written?.variables
      ? node
      : interpolate(node, variables, (name) => sources.onUnset(name));
    return normaliseFile(asMapping(interpolated, file), {
      directory: written?.paths ? undefined : set.directory,
      home: sources.home,
      hasVariables: written?.variables === true,
    });
  });
}

const pathList = (node: Node, path: string) =>
  node.kind === 'scalar' ? [text(node, path)] : listOf(text)(node, path);
const decodeInclude = fields({ path: pathList, project_directory: text, env_file: pathList });

/** Puts what `include` names under the file's own content; both defining the same thing differently is an error. */
function addIncludes(
  file: MappingNode,
  set: FileSet,
  sources: Sources,
  trail: readonly string[],
): MappingNode {
  const include = file.entries.get('include');
  const own = withEntry(file, 'include', undefined);
  if (include === undefined || isNull(include)) return own;
  if (include.kind !== 'sequence') throw complain(include.at, 'include must be a list');
  let result = own;
  for (const [index, item] of include.items.entries()) {
    const path = `include[${index}]`;
    const entry = item.kind === 'scalar' ? { path: [text(item, path)] } : decodeInclude(item, path);
    const files = (entry.path ?? []).map((name) => {
      if (isRemote(name)) return fetchAt(item.at, name, sources);
      return resolve(set.directory, name);
    });
    const [first] = files;
    if (first === undefined) throw complain(item.at, `${path}: "path" is missing`);
    if (files.some((name) => trail.includes(name)) || trail.length > maximumIncludes) {
      throw complain(item.at, `${path}: files include each other: ${[...trail, first].join(' → ')}`);
    }
    const directory = entry.project_directory
      ? resolve(set.directory, entry.project_directory)
      : dirname(first);
    const envFiles = (entry.env_file ?? []).map((name) => resolve(set.directory, name));
    const variables = includedVariables(directory, envFiles, set.variables, sources);
    const included = readFiles({ files, directory, variables, written: set.written }, sources, trail);
    result = combine(result, included);
  }
  return result;
}

function fetchAt(at: Place, address: string, { fetch }: Sources): string {
  try {
    return fetch(address);
  } catch (error) {
    throw isDhowError(error) ? new DhowError(error.kind, `${describePlace(at)}: ${error.message}`) : error;
  }
}

/** The outer variables win over those of the included project's own `.env`. */
function includedVariables(
  directory: string,
  envFiles: readonly string[],
  outer: Variables,
  sources: Sources,
): Variables {
  const values = new Map<string, string>();
  const standard = resolve(directory, '.env');
  for (const file of envFiles.length > 0 ? envFiles : [standard]) {
    const content = envFiles.length > 0 ? sources.read(file) : readIfThere(file, sources);
    for (const [key, value] of parseEnvFile(file, content, outer)) values.set(key, value);
  }
  return new Map([...values, ...outer]);
}

function readIfThere(file: string, sources: Sources): string {
  try {
    return sources.read(file);
  } catch {
    return '';
  }
}

const sectionNames = ['services', 'networks', 'volumes', 'configs', 'secrets'];

function combine(own: MappingNode, included: MappingNode): MappingNode {
  let result = own;
  for (const section of sectionNames) {
    const theirs = included.entries.get(section);
    if (theirs === undefined) continue;
    const entries = new Map(asMapping(theirs, section).entries);
    const ours = result.entries.get(section);
    for (const [name, node] of ours === undefined ? [] : asMapping(ours, section).entries) {
      const other = entries.get(name);
      if (other !== undefined && printNode(other) !== printNode(node)) {
        const where = `${other.at.file}:${other.at.line}`;
        throw complain(node.at, `${section}.${name} is also defined by the included ${where}`);
      }
      entries.set(name, node);
    }
    result = withEntry(result, section, { ...asMapping(theirs, section), entries });
  }
  return result;
}

function printNode(node: Node): string {
  if (node.kind === 'scalar') return JSON.stringify(node.value);
  if (node.kind === 'sequence') return `[${node.items.map(printNode).join(',')}]`;
  const entries = [...node.entries].sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${entries.map(([key, value]) => `${JSON.stringify(key)}:${printNode(value)}`).join(',')}}`;
}
