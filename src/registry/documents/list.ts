import { DhowError } from '#errors/error.ts';
import type { Reference } from '#image/reference.ts';
import type { Endpoint } from '#registry/hosts/endpoints.ts';
import type { Ask, AskRequest } from '#registry/http/ask.ts';
import { askWhole } from '#registry/http/ask-whole.ts';
import { withRetries } from '#registry/http/back-off.ts';
import type { Credentials, RegistryLimits } from '#registry/registry.ts';

export interface ListOptions {
  credentials?: Credentials | undefined;
  signal: AbortSignal;
}

const maxPageBytes = 8 * 1024 * 1024;
const maxPages = 1000;

/**
 * All entries of a list that a registry gives in pages, linked by the header `Link` (distribution-spec, "Listing Tags").
 * @param path behind `/v2/`
 * @param read the entries of one page's JSON
 */
export async function listPages<Entry>(
  parts: { ask: Ask; limits: RegistryLimits },
  endpoint: Endpoint,
  request: Pick<AskRequest, 'asked'> & { path: string; reference?: Reference; maxEntries: number },
  { credentials, signal }: ListOptions,
  read: (page: unknown) => Entry[],
): Promise<Entry[]> {
  const { asked, reference, maxEntries } = request;
  const entries: Entry[] = [];
  let path: string | URL | undefined = request.path;
  for (let pages = 0; path !== undefined && pages < maxPages && entries.length < maxEntries; pages++) {
    const asking: AskRequest = { path, asked, ...(reference && { reference }), credentials, signal };
    const { response, url, body } = await withRetries(parts.limits, signal, () =>
      askWhole(parts, endpoint, asking, { maxBytes: maxPageBytes, what: 'list' }),
    );
    for (const entry of read(parseJson(body, url))) entries.push(entry);
    path = nextPage(response.headers['link'], url);
  }
  return entries.slice(0, maxEntries);
}

function parseJson(bytes: Buffer, url: URL): unknown {
  try {
    return JSON.parse(bytes.toString());
  } catch (cause) {
    throw new DhowError('InvalidParameter', `${url.host} answered something that is not JSON`, { cause });
  }
}

/** RFC 8288, as far as registries use it; a link to another host is not followed. */
function nextPage(header: string | string[] | undefined, from: URL): URL | undefined {
  const match = /<([^>]*)>\s*;\s*rel="?next"?/i.exec(String(header ?? ''));
  const target = match?.[1];
  if (target === undefined || !URL.canParse(target, from.href)) return undefined;
  const url = new URL(target, from.href);
  return url.origin === from.origin ? url : undefined;
}
