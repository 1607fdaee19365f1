import type { IncomingMessage } from 'node:http';
import { DhowError } from '#errors/error.ts';
import { shownUrl } from '#registry/failures/network.ts';
import type { Trust } from '#registry/hosts/trust.ts';
import { discardBody } from '#registry/http/body.ts';
import type { HttpRequest, Transport } from '#registry/http/transport.ts';

const maxRedirects = 5;
const redirectStatuses = [301, 302, 303, 307, 308];

export interface Answer {
  response: IncomingMessage;
  /** Where it came from in the end. */
  url: URL;
  /** Whether that is the server that was asked, and not one it sent us to. */
  isOrigin: boolean;
}

/**
 * Sends a GET or HEAD and follows where it leads. `Authorization` goes to the origin only: the storage behind a registry must not
 * see its tokens (and refuses requests that carry both a signature and a token). A redirect from HTTPS to plain HTTP is
 * followed only to hosts that may be spoken to insecurely.
 *
 * @throws Forbidden for a redirect that may not be followed, Unavailable for too many; else as Transport.send
 */
export async function sendFollowing(
  { transport, trust }: { transport: Transport; trust: Pick<Trust, 'isInsecure'> },
  request: HttpRequest & { method: 'GET' | 'HEAD' },
  signal: AbortSignal,
): Promise<Answer> {
  const { authorization: _, ...withoutAuthorization } = request.headers;
  const origin = request.url.origin;
  let current: HttpRequest = request;
  for (let redirects = 0; ; redirects++) {
    const response = await transport.send(current, signal);
    const { location } = response.headers;
    if (location === undefined || !redirectStatuses.includes(response.statusCode ?? 0)) {
      return { response, url: current.url, isOrigin: current.url.origin === origin };
    }
    discardBody(response);
    if (redirects >= maxRedirects) {
      throw new DhowError(
        'Unavailable',
        `${shownUrl(request.url)} redirects more than ${maxRedirects} times`,
      );
    }
    const url = await redirectTarget(location, current.url, trust);
    // Once dropped it stays dropped: what another server sends us to is its choice, even where it is the origin.
    const headers = url.origin === origin ? current.headers : withoutAuthorization;
    current = { method: request.method, url, headers };
  }
}

async function redirectTarget(location: string, from: URL, trust: Pick<Trust, 'isInsecure'>): Promise<URL> {
  const url = URL.canParse(location, from.href) ? new URL(location, from.href) : undefined;
  if (!url || (url.protocol !== 'http:' && url.protocol !== 'https:')) {
    throw new DhowError('Forbidden', `${shownUrl(from)} redirects to something that is not an HTTP address`);
  }
  if (from.protocol === 'https:' && url.protocol === 'http:' && !(await trust.isInsecure(url.host))) {
    throw new DhowError(
      'Forbidden',
      `${shownUrl(from)} redirects to plain HTTP at ${url.host}: add "${url.host}" to the insecure registries if that is right`,
    );
  }
  return url;
}
