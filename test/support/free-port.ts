import net from 'node:net';

/**
 * Where to look: below the range from which the kernel and engines take ports by themselves. One of those that is free now may be taken by
 * anybody in the next moment.
 */
const firstPort = 10_000;
const portCount = 20_000;

/** A port of the host that nobody listens on, by IPv4 and IPv6. */
export function freePort(): Promise<number> {
  return freePorts(1);
}

/** The first of so many that follow each other. */
export async function freePorts(count: number): Promise<number> {
  for (;;) {
    const first = firstPort + Math.floor(Math.random() * portCount);
    const ports = Array.from({ length: count }, (_, offset) => first + offset);
    if ((await Promise.all(ports.map(isFree))).every(Boolean)) return first;
  }
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = net.createServer();
    server.once('error', () => resolve(false));
    server.listen(port, () => server.close(() => resolve(true)));
  });
}
