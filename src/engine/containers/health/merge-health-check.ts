import type { HealthCheck } from '#image/config.ts';

/** A container's own health check with each part that it leaves empty from the image's, as Docker merges them. */
export function mergeHealthCheck(
  image: HealthCheck | undefined,
  own: HealthCheck | undefined,
): HealthCheck | undefined {
  if (image === undefined || own === undefined) return own ?? image;
  const merged: HealthCheck = { ...own };
  if ((own.Test ?? []).length === 0 && image.Test !== undefined) merged.Test = image.Test;
  for (const name of ['Interval', 'Timeout', 'StartPeriod', 'StartInterval', 'Retries'] as const) {
    const value = own[name] || image[name];
    if (value !== undefined) merged[name] = value;
  }
  return merged;
}
