import {
  type Alias,
  type Document,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  type Pair,
  parseAllDocuments,
  type YAMLMap,
} from 'yaml';
import {
  complain,
  complainUnsupported,
  type MergeTag,
  maximumNodes,
  type Node,
  type Place,
} from '#compose/document/node.ts';

/** A file of more bytes is no Compose file. */
const maximumBytes = 4 * 1024 * 1024;
const maximumDepth = 64;

/**
 * Reads a YAML 1.2 file with anchors, aliases, merge keys (`<<`) and the tags `!reset` and `!override`; one node for each document.
 * Empty documents are left out.
 * @throws InvalidParameter with file, line and column
 */
export function parseYaml(file: string, text: string): Node[] {
  const start: Place = { file, line: 1, column: 1 };
  if (text.length > maximumBytes) throw complain(start, `larger than ${maximumBytes} bytes`);
  const lines = new LineCounter();
  const documents = parseAllDocuments(text, { lineCounter: lines, merge: true, logLevel: 'silent' });
  const reader = createReader(file, lines);
  const nodes: Node[] = [];
  for (const document of Array.isArray(documents) ? documents : []) {
    const error = document.errors[0];
    if (error !== undefined) {
      throw complain(
        reader.place(error.pos[0]),
        error.message.split('\n')[0]?.replace(/ at line .*$/, '') ?? '',
      );
    }
    if (document.contents !== null) nodes.push(reader.read(document, document.contents));
  }
  return nodes.filter((node) => node.kind !== 'scalar' || node.value !== null);
}

function createReader(file: string, lines: LineCounter) {
  let count = 0;

  function place(offset: number | undefined): Place {
    const { line, col } = lines.linePos(offset ?? 0);
    return { file, line: Math.max(line, 1), column: Math.max(col, 1) };
  }

  function read(document: Document, value: unknown, fallback: Place = place(0), depth = 0): Node {
    count += 1;
    if (count > maximumNodes) throw complain(fallback, `more than ${maximumNodes} values, counting aliases`);
    if (depth > maximumDepth) throw complain(fallback, `nested more than ${maximumDepth} deep`);
    if (isAlias(value)) {
      const target = resolveAlias(document, value);
      return read(document, target, place(value.range?.[0]), depth + 1);
    }
    if (isMap(value)) {
      const at = value.range ? place(value.range[0]) : fallback;
      return {
        kind: 'mapping',
        entries: readEntries(document, value, at, depth),
        at,
        ...tagOf(value.tag, at),
      };
    }
    if (isSeq(value)) {
      const at = value.range ? place(value.range[0]) : fallback;
      const items = value.items.map((item) => read(document, item, at, depth + 1));
      return { kind: 'sequence', items, at, ...tagOf(value.tag, at) };
    }
    if (isScalar(value)) {
      const at = value.range ? place(value.range[0]) : fallback;
      return { kind: 'scalar', ...readScalar(value.value, value.source, at), at, ...tagOf(value.tag, at) };
    }
    return { kind: 'scalar', value: null, source: '', at: fallback };
  }

  function resolveAlias(document: Document, alias: Alias): unknown {
    const target = alias.resolve(document);
    if (target === undefined) throw complain(place(alias.range?.[0]), `unknown alias *${alias.source}`);
    return target;
  }

  function readEntries(document: Document, map: YAMLMap, at: Place, depth: number): Map<string, Node> {
    const own = new Map<string, Node>();
    const merged = new Map<string, Node>();
    for (const pair of map.items as Pair<unknown, unknown>[]) {
      const where = isScalar(pair.key) && pair.key.range ? place(pair.key.range[0]) : at;
      const key = isScalar(pair.key) ? keyText(pair.key.value) : undefined;
      if (key === undefined) throw complain(where, 'a key must be a text');
      if (key !== '<<') {
        // A value of nothing is where its key is.
        own.set(key, read(document, pair.value, where, depth + 1));
        continue;
      }
      const source = read(document, pair.value, where, depth + 1);
      for (const part of source.kind === 'sequence' ? source.items : [source]) {
        if (part.kind !== 'mapping') throw complain(where, '<< takes a mapping or a list of mappings');
        // What stands earlier in the list wins, and what stands beside << wins over all.
        for (const [name, node] of part.entries) if (!merged.has(name)) merged.set(name, node);
      }
    }
    for (const [key, node] of own) merged.set(key, node);
    return merged;
  }

  return { read, place };
}

function keyText(value: unknown): string | undefined {
  if (typeof value === 'symbol') return '<<';
  if (value === null) return undefined;
  return ['string', 'number', 'boolean'].includes(typeof value) ? String(value) : undefined;
}

function readScalar(value: unknown, source: string | undefined, at: Place) {
  if (
    value === null ||
    typeof value === 'string' ||
    typeof value === 'number' ||
    typeof value === 'boolean'
  ) {
    return { value, source: source ?? String(value ?? '') };
  }
  throw complain(at, 'a value of this type is not possible in a Compose file');
}

function tagOf(tag: string | undefined, at: Place): { tag?: MergeTag } {
  if (tag === undefined || tag.startsWith('tag:yaml.org,2002:')) return {};
  if (tag === '!reset' || tag === '!override') return { tag: tag === '!reset' ? 'reset' : 'override' };
  throw complainUnsupported(at, `the tag ${tag} is not known`);
}
