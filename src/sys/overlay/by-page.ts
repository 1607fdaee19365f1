import os from 'node:os';
import { SystemError } from '#sys/libc.ts';
import { mount } from '#sys/mount.ts';
import { neededOptions } from '#sys/overlay/needed-options.ts';
import { plainPaths } from '#sys/overlay/plain-paths.ts';
import type { OverlayMount } from '#sys/overlay.ts';

/** mount(2) has one page for all options and their NUL. */
const maxPageBytes = 4095;

/** Mounts with mount(2); paths become descriptors when they would not fit. @throws SystemError, E2BIG if even so */
export function mountByPage(overlay: OverlayMount, target: string): void {
  for (const maxPathBytes of [maxPageBytes, 0]) {
    using plain = plainPaths(overlay, maxPathBytes);
    const data = pageOptions(plain.value);
    if (Buffer.byteLength(data) > maxPageBytes) continue;
    mount({ source: 'overlay', target, type: 'overlay', data });
    return;
  }
  throw new SystemError(
    'mount',
    os.constants.errno.E2BIG,
    `${target} (${overlay.lowerDirectories.length} layers)`,
  );
}

function pageOptions({ lowerDirectories, upperDirectory, workDirectory }: OverlayMount): string {
  return [
    `lowerdir=${lowerDirectories.join(':')}`,
    ...(upperDirectory === undefined ? [] : [`upperdir=${upperDirectory}`]),
    ...(workDirectory === undefined ? [] : [`workdir=${workDirectory}`]),
    ...neededOptions().map(([name, value]) => `${name}=${value}`),
  ].join(',');
}
