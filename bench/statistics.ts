export interface Summary {
  readonly min: number;
  readonly median: number;
  readonly p95: number;
}

export function summarize(samples: readonly number[]): Summary {
  const sorted = [...samples].sort((a, b) => a - b);
  return {
    min: sorted[0] ?? Number.NaN,
    median: median(sorted),
    p95: sorted[rank(sorted.length)] ?? Number.NaN,
  };
}

/** Nearest rank. */
function rank(length: number): number {
  return Math.max(0, Math.ceil(length * 0.95) - 1);
}

function median(sorted: readonly number[]): number {
  const middle = sorted.length / 2;
  const upper = sorted[Math.floor(middle)] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : (upper + (sorted[middle - 1] ?? Number.NaN)) / 2;
}

/**
 * How large `samples` are in terms of `reference`: the median of the quotients round by round. Both samples of a round are
 * neighbours in time, so what slowed the machine down meanwhile stands on both sides.
 */
export function pairedRatio(samples: readonly number[], reference: readonly number[]): number {
  const rounds = Math.min(samples.length, reference.length);
  const quotients = Array.from(
    { length: rounds },
    (_, round) => (samples[round] ?? Number.NaN) / (reference[round] ?? Number.NaN),
  );
  return summarize(quotients).median;
}
