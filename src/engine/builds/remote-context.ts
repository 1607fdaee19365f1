import type { BuildRequest } from '#build/request.ts';
import { DhowError } from '#errors/error.ts';
import type { RegistryClient } from '#registry/registry.ts';

const maxDockerfileBytes = 4 * 1024 * 1024;

/**
 * A build's context by URL, which the daemon fetches: an archive, or the text of a Dockerfile without a context.
 * @throws Unsupported for other protocols; what the download throws
 */
export async function fetchContext(
  registry: Pick<RegistryClient, 'download'>,
  url: URL,
  dockerfile: BuildRequest['dockerfile'],
  signal: AbortSignal,
): Promise<Pick<BuildRequest, 'context' | 'dockerfile'>> {
  if (!/^https?:$/.test(url.protocol)) {
    throw new DhowError(
      'Unsupported',
      `cannot build from ${url.protocol} URLs: there are http, https and git`,
    );
  }
  const chunks = registry.download(url, signal)[Symbol.asyncIterator]();
  const start: Uint8Array[] = [];
  let length = 0;
  let ended = false;
  while (length < 512 && !ended) {
    const chunk = await chunks.next();
    if (chunk.done) ended = true;
    else {
      start.push(chunk.value);
      length += chunk.value.length;
    }
  }
  const whole = async function* (): AsyncGenerator<Uint8Array, void> {
    yield* start;
    for (let chunk = await chunks.next(); !chunk.done; chunk = await chunks.next()) yield chunk.value;
  };
  if (looksLikeArchive(Buffer.concat(start))) return { context: whole(), dockerfile };
  const text: Uint8Array[] = [];
  let textBytes = 0;
  for await (const chunk of whole()) {
    textBytes += chunk.length;
    if (textBytes > maxDockerfileBytes) {
      throw new DhowError('InvalidParameter', `${url.href} is neither an archive nor a Dockerfile`);
    }
    text.push(chunk);
  }
  return { dockerfile: { name: 'Dockerfile', bytes: Buffer.concat(text) } };
}

/** The magic of gzip, zstd, xz and bzip2, or of a tar. */
function looksLikeArchive(start: Buffer): boolean {
  const hex = start.toString('hex', 0, 6);
  return /^(?:1f8b|28b52ffd|fd377a585a00|425a68)/.test(hex) || start.toString('latin1', 257, 262) === 'ustar';
}
