import { DhowError } from '#errors/error.ts';
import { filterAnnotation } from '#runtime/conmon/seccomp-cache.ts';
import type { OciProcess, OciSpec } from '#runtime/oci.ts';

/** 2^64 - 1, the kernel's and the runtime spec's "unlimited". */
const unlimited = '18446744073709551615';

/**
 * JSON as OCI runtimes read it. Limits are unsigned there, and "unlimited" is beyond what a JavaScript number can say exactly; specs
 * have -1 instead.
 * @throws InvalidParameter for a path or a name that no kernel would take
 */
export function encodeSpec(value: OciSpec | OciProcess): string {
  refuseLongTexts(value, '');
  return JSON.stringify(value, (key, field: unknown) => {
    // TypeScript's library does not have it yet; V8 has.
    const { rawJSON } = JSON as unknown as { rawJSON(text: string): unknown };
    if ((key === 'soft' || key === 'hard') && field === -1) return rawJSON(unlimited);
    return field;
  });
}

/** `PATH_MAX` without its zero byte (limits.h). */
const longestPath = 4095;

/**
 * A runtime repeats in its error what it could not use, and conmon reads the error when the runtime has ended: one that fills the pipe
 * between them, of 64 KiB, would keep both for ever.
 */
function refuseLongTexts(value: object, place: string): void {
  for (const [key, member] of Object.entries(value)) {
    // Bounded by the kernel, and handed on unread.
    if (key === 'args' || key === 'env' || key === filterAnnotation) continue;
    if (place === '.annotations' && !key.startsWith('run.oci.')) continue;
    if (typeof member === 'string') {
      if (Buffer.byteLength(member) <= longestPath) continue;
      const name = `${place}.${key}`.slice(1);
      throw new DhowError(
        'InvalidParameter',
        `${name} of ${Buffer.byteLength(member)} bytes ("${member.slice(0, 30)}…") is longer than a path may be: ${longestPath} bytes`,
      );
    }
    if (typeof member === 'object' && member !== null) refuseLongTexts(member, `${place}.${key}`);
  }
}
