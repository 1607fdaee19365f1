import { tarOf } from '../../support/push-image.ts';
import { type Ask, createAsk } from './api.ts';
import { type Client, createClient } from './client.ts';
import { WrongAnswer } from './ledger.ts';
import type { Seeded } from './seeded.ts';

const dockerfile = `FROM busybox
LABEL made=anew
COPY file /copied/
RUN --mount=type=cache,target=/cache head -c 20000 /dev/urandom > /random && cp /random /cache/
VOLUME /copied
CMD ["true"]
`;

export interface ClientsOptions {
  count: number;
  socket: string;
  seed: Seeded;
  remoteImage: string;
  /** Of the names of their objects. */
  prefix: string;
}

export async function createClients(options: ClientsOptions): Promise<{ ask: Ask; clients: Client[] }> {
  const { count, socket, seed, remoteImage, prefix } = options;
  const context = await tarOf({ Dockerfile: dockerfile, file: 'copied' });
  const ask = createAsk(socket);
  const clients = Array.from({ length: count }, (_, index) =>
    createClient({ name: `${prefix}${index}`, ask, choose: seed.fork(), remoteImage, context }),
  );
  return { ask, clients };
}

/** Lets all clients work until `signal`, or until the daemon does not answer any more. @returns requests answered, and what was wrong */
export async function work(
  clients: readonly Client[],
  signal: AbortSignal,
): Promise<{ answered: number; wrong: string[] }> {
  let answered = 0;
  const wrong: string[] = [];
  async function workOne(client: Client): Promise<void> {
    while (!signal.aborted) {
      try {
        await client.act();
        answered += 1;
      } catch (error) {
        if (error instanceof WrongAnswer) wrong.push(error.message);
        else if (!isDeath(error)) wrong.push(String(error));
        else return;
      }
    }
  }
  await Promise.all(clients.map(workOne));
  return { answered, wrong };
}

function isDeath(error: unknown): boolean {
  return (
    error instanceof Error &&
    /ECONNRESET|ECONNREFUSED|ENOENT|EPIPE|socket hang up|broke off|aborted/.test(String(error))
  );
}
