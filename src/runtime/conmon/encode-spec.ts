import type { OciProcess, OciSpec } from '#runtime/oci.ts';

/** 2^64 - 1, the kernel's and the runtime spec's "unlimited". */
const unlimited = '18446744073709551615';

/**
 * JSON as OCI runtimes read it. Limits are unsigned there, and "unlimited" is beyond what a JavaScript number can say exactly; specs
 * have -1 instead.
 */
export function encodeSpec(value: OciSpec | OciProcess): string {
  return JSON.stringify(value, (key, field: unknown) => {
    // TypeScript's library does not have it yet; V8 has.
    const { rawJSON } = JSON as unknown as { rawJSON(text: string): unknown };
    if ((key === 'soft' || key === 'hard') && field === -1) return rawJSON(unlimited);
    return field;
  });
}
