import { libc } from '#sys/libc.ts';

const mallocTrim = libc.func('int malloc_trim(size_t pad)');

/**
 * Gives memory that was freed back to the kernel (malloc_trim(3)). The C library keeps what threads freed for later,
 * which after an unpack is more than the daemon needs for everything else. Takes a few milliseconds.
 */
export function returnFreeMemory(): void {
  mallocTrim(0);
}
