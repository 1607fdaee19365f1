/** Versions of the Engine API are 1.<minor>; code compares minors. This is the one that Dhow's two ends speak when nobody asks for another. */
export const defaultApiMinor = 51;

export function formatApiVersion(minor: number): string {
  return `1.${minor}`;
}
