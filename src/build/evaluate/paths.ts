import path from 'node:path/posix';
import type { ImageRunConfig } from '#image/config.ts';

/** An absolute, clean path, relative ones taken from the working directory. */
export function resolveInImage(config: ImageRunConfig, text: string): string {
  return path.resolve('/', config.WorkingDir ?? '', text);
}
