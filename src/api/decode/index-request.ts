import type { IndexEntry } from '#engine/registries.ts';
import { DhowError } from '#errors/error.ts';
import type { Platform } from '#image/platform.ts';

/** The body of `POST /distribution/{name}/index`. @throws InvalidParameter */
export function decodeIndexRequest(body: unknown): IndexEntry[] {
  const list = asRecord(body)['Manifests'];
  if (!Array.isArray(list)) throw new DhowError('InvalidParameter', 'Manifests must be a list');
  return list.map(asRecord).map(({ Reference: reference, Platform: platform }) => {
    if (typeof reference !== 'string') throw new DhowError('InvalidParameter', 'Reference must be a string');
    return { reference, platform: decodePlatform(asRecord(platform)) };
  });
}

function decodePlatform(fields: Record<string, unknown>): Platform {
  const { os, architecture, variant, 'os.version': version, 'os.features': features } = fields;
  if (typeof os !== 'string' || typeof architecture !== 'string') {
    throw new DhowError('InvalidParameter', 'Platform must have os and architecture');
  }
  return {
    os,
    architecture,
    ...(typeof variant === 'string' && variant !== '' ? { variant } : {}),
    ...(typeof version === 'string' && version !== '' ? { 'os.version': version } : {}),
    ...(isStrings(features) && features.length > 0 ? { 'os.features': features } : {}),
  };
}

function asRecord(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
}

function isStrings(value: unknown): value is string[] {
  return Array.isArray(value) && value.every((item) => typeof item === 'string');
}
