import { DhowError } from '#errors/error.ts';

/** Where something stands in a file; line and column count from 1. Line 0 stands for what is in no file, such as an option. */
export interface Place {
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

/**
 * A YAML value that knows where it stands, so that every later complaint can say it. Merging, interpolation and `extends` work on
 * these; the model is decoded from them last.
 */
export type Node = ScalarNode | SequenceNode | MappingNode;

export interface ScalarNode {
  readonly kind: 'scalar';
  readonly value: string | number | boolean | null;
  /** As written, where a number's notation matters (`0440`). */
  readonly source: string;
  readonly at: Place;
  readonly tag?: MergeTag;
}

export interface SequenceNode {
  readonly kind: 'sequence';
  readonly items: readonly Node[];
  readonly at: Place;
  readonly tag?: MergeTag;
}

export interface MappingNode {
  readonly kind: 'mapping';
  readonly entries: ReadonlyMap<string, Node>;
  readonly at: Place;
  readonly tag?: MergeTag;
}

/** `!reset` removes what an earlier file said, `!override` replaces it whole. */
export type MergeTag = 'reset' | 'override';

/** Where an anchor's content or the like grows without end, the file is refused at this many nodes. */
export const maximumNodes = 100_000;

export function complain(at: Place, message: string): DhowError {
  return new DhowError('InvalidParameter', `${describePlace(at)}: ${message}`);
}

/** A complaint about something that the specification has and this engine does not do. */
export function complainUnsupported(at: Place, message: string): DhowError {
  return new DhowError('Unsupported', `${describePlace(at)}: ${message}`);
}

/** `FILE:LINE:COLUMN` */
export function describePlace({ file, line, column }: Place): string {
  if (line === 0) return file;
  return `${file === '-' ? 'standard input' : file}:${line}:${column}`;
}

export function describeKind(node: Node): string {
  if (node.kind !== 'scalar') return node.kind === 'sequence' ? 'a list' : 'a mapping';
  if (node.value === null) return 'nothing';
  return typeof node.value === 'string' ? 'a text' : `a ${typeof node.value}`;
}

export function scalar(value: string | number | boolean | null, at: Place): ScalarNode {
  return { kind: 'scalar', value, source: String(value ?? ''), at };
}

export function mapping(entries: Iterable<readonly [string, Node]>, at: Place): MappingNode {
  return { kind: 'mapping', entries: new Map(entries), at };
}

export function isNull(node: Node | undefined): boolean {
  return node === undefined || (node.kind === 'scalar' && node.value === null);
}

/** @throws InvalidParameter with the place when the node is no mapping; nothing at all counts as an empty one */
export function asMapping(node: Node, path: string): MappingNode {
  if (node.kind === 'mapping') return node;
  if (isNull(node)) return mapping([], node.at);
  throw complain(node.at, `${path} must be a mapping, not ${describeKind(node)}`);
}

/** A copy with one entry replaced, or removed for `undefined`. */
export function withEntry(node: MappingNode, key: string, value: Node | undefined): MappingNode {
  const entries = new Map(node.entries);
  if (value === undefined) entries.delete(key);
  else entries.set(key, value);
  return { ...node, entries };
}
