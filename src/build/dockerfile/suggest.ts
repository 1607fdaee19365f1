/**
 * The candidate that the user may have meant: the nearest by edits, transpositions counting one, if it is near for its
 * length. Letter case does not count.
 */
export function suggest(typed: string, candidates: Iterable<string>): string | undefined {
  const wanted = typed.toLowerCase().slice(0, maxLength);
  let best: { candidate: string; distance: number } | undefined;
  for (const candidate of candidates) {
    if (candidate === typed) continue;
    const distance = editDistance(wanted, candidate.toLowerCase().slice(0, maxLength));
    if (distance <= Math.max(1, Math.floor(wanted.length / 3)) && distance < (best?.distance ?? Infinity)) {
      best = { candidate, distance };
    }
  }
  return best?.candidate;
}

/** `; did you mean X?` or nothing. */
export function didYouMean(typed: string, candidates: Iterable<string>): string {
  const nearest = suggest(typed, candidates);
  return nearest === undefined ? '' : `; did you mean ${nearest}?`;
}

const maxLength = 64;

/** Optimal string alignment distance. */
function editDistance(a: string, b: string): number {
  let twoBefore: number[] = [];
  let before = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1];
      let cost = Math.min(at(before, j) + 1, at(row, j - 1) + 1, at(before, j - 1) + (same ? 0 : 1));
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) {
        cost = Math.min(cost, at(twoBefore, j - 2) + 1);
      }
      row.push(cost);
    }
    twoBefore = before;
    before = row;
  }
  return at(before, b.length);
}

function at(row: readonly number[], index: number): number {
  return row[index] ?? Infinity;
}
