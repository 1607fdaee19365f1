import type { CliContext } from '#cli/context.ts';
import type { Client, ClientRequest } from '#client/client.ts';

/** The same context, whose client tells each request on stderr before it is sent. */
export function tellRequests(context: CliContext): CliContext {
  const tell = ({ method, path }: ClientRequest) => context.stderr.write(`${method} ${path}\n`);
  const wrap = (client: Client): Client => ({
    ...client,
    request(request, signal) {
      tell(request);
      return client.request(request, signal);
    },
    upgrade(request, signal) {
      tell(request);
      return client.upgrade(request, signal);
    },
  });
  let client: Client | undefined;
  // The other members are still made on first use.
  return Object.create(context, {
    client: {
      get() {
        client ??= wrap(context.client);
        return client;
      },
    },
  });
}
