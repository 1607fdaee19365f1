import fs from 'node:fs';
import { damaged } from '#archive/record/format.ts';
import type { BytePath } from '#sys/file-tree.ts';

/** Something that lay at `path` until `before` runs of content were recorded, and then became number `index`. */
export interface Moved {
  path: BytePath;
  before: number;
}

const listName = 'list.json';

export function writeMoved(directory: string, moved: readonly Moved[]): void {
  fs.writeFileSync(`${directory}/${listName}`, JSON.stringify(moved), { mode: 0o600 });
}

/** Tells where the file of a run lies now: in the tree, or among what was moved away. */
export type FindMoved = (path: BytePath, run: number) => BytePath | undefined;

/** @throws DataLoss for a damaged list; SystemError */
export function readMoved(directory: string): FindMoved {
  if (!fs.existsSync(directory)) return () => undefined;
  const byPath = new Map<BytePath, { before: number; index: number }[]>();
  for (const [index, { path, before }] of parse(
    fs.readFileSync(`${directory}/${listName}`, 'utf8'),
  ).entries()) {
    const moves = byPath.get(path) ?? [];
    moves.push({ before, index });
    byPath.set(path, moves);
  }
  return (path, run) => {
    let first: { index: number; rest: BytePath } | undefined;
    for (let end = path.indexOf('/'); ; end = path.indexOf('/', end + 1)) {
      const prefix = end === -1 ? path : path.slice(0, end);
      const move = firstAfter(byPath.get(prefix) ?? [], run);
      // What was moved first lies there for good: later moves were of what came in its place.
      if (move !== undefined && (first === undefined || move.index < first.index)) {
        first = { index: move.index, rest: path.slice(prefix.length) };
      }
      if (end === -1) return first && `${first.index}${first.rest}`;
    }
  };
}

/** The moves of one path stand in their order, so that `before` never falls. */
function firstAfter<Move extends { before: number }>(moves: readonly Move[], run: number): Move | undefined {
  let [low, high] = [0, moves.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((moves[middle] as Move).before > run) high = middle;
    else low = middle + 1;
  }
  return moves[low];
}

function parse(text: string): Moved[] {
  let list: unknown;
  try {
    list = JSON.parse(text);
  } catch (cause) {
    throw damaged('the list of moved files is not JSON', cause);
  }
  const isMoved = (item: unknown): item is Moved =>
    typeof item === 'object' &&
    item !== null &&
    typeof (item as Moved).path === 'string' &&
    typeof (item as Moved).before === 'number';
  if (!Array.isArray(list) || !list.every(isMoved)) throw damaged('the list of moved files is malformed');
  return list;
}
