import { createHash } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import type { OciSpec } from '#runtime/oci.ts';
import { hasCode } from '#sys/libc.ts';

/**
 * Compiled seccomp filters. crun compiles a profile for every container it creates (15 of 25 ms for Docker's profile), keeps the result in
 * its state directory and accepts such a result in an annotation. So the first container's filter serves all others with
 * the same profile.
 */
export interface SeccompCache {
  /** The spec with the compiled filter in place of the profile, if there is one. */
  apply(spec: OciSpec): OciSpec;
  /** Keeps what crun compiled for a container that was created with this spec. */
  learn(spec: OciSpec, stateDirectory: string): void;
}

export const filterAnnotation = 'run.oci.seccomp_bpf_data';
/** The kernel takes at most 4096 instructions of 8 bytes. */
const largestFilter = 4096 * 8;

/** @param compiler name and version of the runtime: another one may compile differently */
export function createSeccompCache(directory: string, compiler: string): SeccompCache {
  fs.mkdirSync(directory, { recursive: true, mode: 0o700 });
  const filters = new Map<string, string>();

  function fileOf(spec: OciSpec): string {
    const hash = createHash('sha256')
      .update(compiler)
      .update('\0')
      .update(JSON.stringify(spec.linux.seccomp));
    return path.join(directory, hash.digest('hex'));
  }

  function find(file: string): string | undefined {
    const known = filters.get(file);
    if (known !== undefined) return known;
    const bytes = readFilter(file);
    if (bytes === undefined) return undefined;
    const text = bytes.toString('base64');
    filters.set(file, text);
    return text;
  }

  return {
    apply(spec) {
      if (spec.linux.seccomp === undefined) return spec;
      const filter = find(fileOf(spec));
      if (filter === undefined) return spec;
      const { seccomp: _, ...linux } = spec.linux;
      return { ...spec, annotations: { ...spec.annotations, [filterAnnotation]: filter }, linux };
    },
    learn(spec, stateDirectory) {
      if (spec.linux.seccomp === undefined) return;
      const file = fileOf(spec);
      if (filters.has(file)) return;
      const bytes = readFilter(path.join(stateDirectory, 'seccomp.bpf'));
      if (bytes === undefined) return;
      const unfinished = `${file}.${process.pid}`;
      fs.writeFileSync(unfinished, bytes, { mode: 0o600 });
      fs.renameSync(unfinished, file);
    },
  };
}

/** undefined when there is none, or when it is not a filter as the kernel takes it. */
function readFilter(file: string): Buffer | undefined {
  let bytes: Buffer;
  try {
    bytes = fs.readFileSync(file);
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return undefined;
    throw error;
  }
  return bytes.length > 0 && bytes.length % 8 === 0 && bytes.length <= largestFilter ? bytes : undefined;
}
