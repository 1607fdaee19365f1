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
