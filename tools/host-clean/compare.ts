import { setTimeout as delay } from 'node:timers/promises';
import { type HostSnapshot, snapshotHost } from './snapshot.ts';

export interface HostDifference {
  /** There afterwards and not before: leaked. */
  leaked: string[];
  /** There before and not afterwards: somebody else's, and destroyed. */
  lost: string[];
}

/**
 * Which things to look at. A test that runs beside others names the strings that are its own (root directories, bridge, table);
 * without them the whole host is compared.
 */
export interface Scope {
  mentions?: readonly string[];
  /** Lines that may differ. */
  except?: (line: string) => boolean;
}

export function compareSnapshots(
  before: HostSnapshot,
  after: HostSnapshot,
  scope: Scope = {},
): HostDifference {
  const { mentions, except } = scope;
  const inScope = (line: string): boolean =>
    (!mentions || mentions.some((name) => line.includes(name))) && !except?.(line);
  return {
    leaked: [...after].filter((line) => !before.has(line) && inScope(line)),
    lost: [...before].filter((line) => !after.has(line) && inScope(line)),
  };
}

export function isClean({ leaked, lost }: HostDifference): boolean {
  return leaked.length + lost.length === 0;
}

/**
 * Compares until the host is as it was, at most `timeoutMs`: the kernel ends processes, links, and cgroups behind the back of whom
 * asked for it. Returns the last difference.
 */
export async function settle(
  before: HostSnapshot,
  scope: Scope = {},
  timeoutMs = 10_000,
): Promise<HostDifference> {
  const deadline = performance.now() + timeoutMs;
  for (;;) {
    const difference = compareSnapshots(before, snapshotHost(), scope);
    if (isClean(difference) || performance.now() > deadline) return difference;
    await delay(50);
  }
}

export function formatDifference({ leaked, lost }: HostDifference): string {
  return [...leaked.map((line) => `leaked: ${line}`), ...lost.map((line) => `lost: ${line}`)].join('\n');
}
