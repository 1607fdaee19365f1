import { parseDuration } from '#compose/model/duration.ts';

const periods: ReadonlyMap<string, string> = new Map([
  ['daily', '1d'],
  ['weekly', '1w'],
]);

/** Milliseconds after which an image is pulled again; undefined for a policy that does not ask for its age. */
export function maximumAge(policy: string): number | undefined {
  const period = periods.get(policy) ?? /^every_(.+)$/.exec(policy)?.[1];
  const nanoseconds = period === undefined ? undefined : parseDuration(period);
  return nanoseconds === undefined ? undefined : nanoseconds / 1e6;
}
