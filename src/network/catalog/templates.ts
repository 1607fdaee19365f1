import { DhowError } from '#errors/error.ts';
import { parsePool } from '#network/catalog/parse-pool.ts';
import type { NetworkRequest, NetworkTemplate } from '#network/network.ts';
import type { NetworkRow, NetworkTable } from '#network/tables/networks.ts';

/** Templates are Docker's configuration-only networks: they have a name and say how others are made. */

/** @throws InvalidParameter for a pool that no network could have */
export function templateOf({ ipv4, ipv6, pools }: NetworkRequest): NetworkTemplate {
  for (const pool of pools) parsePool(pool);
  return { ipv4, pools, ...(ipv6 === undefined ? {} : { ipv6 }) };
}

/**
 * A request with what its template says.
 * @throws NotFound for a template that does not exist; Forbidden, in Docker's words, for what only the template may say
 */
export function applyTemplate(networks: NetworkTable, request: NetworkRequest): NetworkRequest {
  if (!request.madeFrom) return request;
  if (request.isTemplate) {
    throw new DhowError(
      'Forbidden',
      'a configuration network cannot depend on another configuration network',
    );
  }
  if (Object.keys(request.options).length > 0) {
    throw new DhowError(
      'Forbidden',
      'network driver options are not supported if the network depends on a configuration network',
    );
  }
  if (request.ipv6 || request.pools.length > 0 || Object.keys(request.labels).length > 0) {
    throw new DhowError(
      'Forbidden',
      'user specified configurations are not supported if the network depends on a configuration network',
    );
  }
  const row = networks.byName(request.madeFrom);
  if (row?.template === undefined) {
    throw new DhowError(
      'NotFound',
      `configuration network "${request.madeFrom.slice(0, 60)}" does not exist`,
    );
  }
  return { ...request, ...row.template, options: row.options, labels: row.labels };
}

/** @throws Forbidden while networks exist that were made from it */
export function refuseTemplateInUse(networks: NetworkTable, row: NetworkRow): void {
  const user = networks.list().find(({ madeFrom }) => madeFrom === row.name);
  if (row.template === undefined || user === undefined) return;
  throw new DhowError('Forbidden', `configuration network "${row.name}" is in use by network ${user.name}`);
}
