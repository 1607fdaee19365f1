import type { CliContext } from '#cli/context.ts';
import { failureOf } from '#cli/output/progress.ts';
import { loadImages } from '#client/images.ts';

/** Loads an archive of images into the daemon. @returns their names, or ids where they have none */
export async function loadInto(
  { client, signal }: CliContext,
  archive: AsyncIterable<Uint8Array>,
  platform?: string,
): Promise<string[]> {
  const names: string[] = [];
  const query = { quiet: true, ...(platform === undefined ? {} : { platform }) };
  for await (const message of await loadImages(client, archive, query, signal)) {
    const failure = failureOf(message);
    if (failure !== undefined) throw failure;
    const name = /^Loaded image(?: ID)?: (\S+)\n$/.exec(message.stream ?? '')?.[1];
    if (name !== undefined) names.push(name);
  }
  return names;
}
