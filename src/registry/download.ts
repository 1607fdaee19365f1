import { DhowError } from '#errors/error.ts';
import { shownUrl } from '#registry/failures/network.ts';
import { settle } from '#registry/failures/transient.ts';
import type { Trust } from '#registry/hosts/trust.ts';
import { discardBody, readBody } from '#registry/http/body.ts';
import { sendFollowing } from '#registry/http/redirects.ts';
import type { Transport } from '#registry/http/transport.ts';
import type { RegistryLimits } from '#registry/registry.ts';

/** See `RegistryClient.download`. */
export async function* download(
  parts: { transport: Transport; trust: Trust; limits: RegistryLimits },
  url: URL,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array, void> {
  try {
    const answer = await sendFollowing(parts, { method: 'GET', url, headers: {} }, signal);
    const { response } = answer;
    if (response.statusCode !== 200) {
      discardBody(response);
      const kind = response.statusCode === 404 ? 'NotFound' : 'Unavailable';
      throw new DhowError(kind, `${shownUrl(answer.url)} answered with HTTP status ${response.statusCode}`);
    }
    const { idleTimeoutMs } = parts.limits;
    yield* readBody(response, { url: answer.url, idleTimeoutMs, signal });
  } catch (error) {
    throw settle(error);
  }
}
