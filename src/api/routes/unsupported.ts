import type { Method, Route } from '#api/http/router.ts';
import { DhowError } from '#errors/error.ts';

/** Operations that exist in Docker and not here, with what to tell the user. */
const operations: [Method, string, string][] = [
  ['POST', '/build/cancel', 'a build is cancelled by closing its connection; build ids are not supported'],
  ['GET', '/images/{name...}/attestations', 'attestations are not supported'],
  ['PUT', '/volumes/{name}', 'cluster volumes are not supported'],
];

/** They answer 501 and not 404, so that a client need not guess whether the object or the operation is missing. */
export function unsupportedRoutes(): Route[] {
  return operations.map(([method, path, message]) => ({
    method,
    path,
    handler() {
      throw new DhowError('Unsupported', message);
    },
  }));
}
