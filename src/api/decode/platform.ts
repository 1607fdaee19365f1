import { DhowError } from '#errors/error.ts';
import type { Platform } from '#image/platform.ts';

/** `linux/arm64/v8`. undefined when absent. @throws InvalidParameter */
export function decodePlatform(text: string): Platform | undefined {
  if (text === '') return undefined;
  const [os = '', architecture = '', variant, ...rest] = text.toLowerCase().split('/');
  if (!/^[a-z0-9_.-]+\/[a-z0-9_.-]+(\/[a-z0-9_.-]+)?$/.test(text.toLowerCase()) || rest.length > 0) {
    throw new DhowError(
      'InvalidParameter',
      `invalid platform "${text.slice(0, 60)}": expected os/architecture or os/architecture/variant`,
    );
  }
  return { os, architecture, ...(variant === undefined ? {} : { variant }) };
}

/** The same as a JSON object, as newer parameters have it: `{"os":"linux","architecture":"arm64"}`. */
export function decodePlatformObject(text: string): Platform | undefined {
  if (text === '') return undefined;
  if (!text.startsWith('{')) return decodePlatform(text);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new DhowError('InvalidParameter', 'invalid platform: it is not JSON', { cause });
  }
  const { os, architecture, variant } = value as Record<string, unknown>;
  const parts = [os, architecture, ...(variant ? [variant] : [])];
  if (!parts.every((part) => typeof part === 'string')) {
    throw new DhowError('InvalidParameter', 'invalid platform: expected os and architecture');
  }
  return decodePlatform(parts.join('/'));
}

/** The platform of a parameter that may be given several times. @throws Unsupported when it is */
export function decodeOnlyPlatform(texts: readonly string[]): Platform | undefined {
  const [text = '', ...more] = texts;
  if (more.length === 0) return decodePlatformObject(text);
  throw new DhowError(
    'Unsupported',
    'a choice of several platforms is not supported: name one, or none to have all of them',
  );
}
