import type { Endpoint } from '#registry/hosts/endpoints.ts';
import type { Ask, AskRequest } from '#registry/http/ask.ts';
import { discardBody, readWhole } from '#registry/http/body.ts';
import type { Answer } from '#registry/http/redirects.ts';
import type { RegistryLimits } from '#registry/registry.ts';

/**
 * One request whose answer is a document: read here, so that who tries again does so also when it breaks off.
 * @param what for the message: `manifest`
 * @returns an empty body with a status other than 200
 * @throws as `Ask`; InvalidParameter for an answer of more than `maxBytes`
 */
export async function askWhole(
  { ask, limits }: { ask: Ask; limits: RegistryLimits },
  endpoint: Endpoint,
  request: AskRequest,
  document: { maxBytes: number; what: string },
): Promise<Answer & { body: Buffer }> {
  const answer = await ask(endpoint, request);
  const { response, url } = answer;
  if (response.statusCode !== 200) {
    discardBody(response);
    return { ...answer, body: Buffer.alloc(0) };
  }
  const { signal } = request;
  const { idleTimeoutMs } = limits;
  return { ...answer, body: await readWhole(response, { url, idleTimeoutMs, signal, ...document }) };
}
