import type { SubnetSource } from '#network/addresses/pools.ts';
import type { EndpointParts } from '#network/endpoints/parts.ts';

/** What the verbs of this folder work with. */
export interface CatalogParts extends EndpointParts {
  clock: () => Date;
  /** Where subnets for networks come from that name none; IPv6 ones come from the installation's own prefix. */
  subnetSources: readonly SubnetSource[];
  /** Whether networks have IPv6 that do not say. */
  ipv6: boolean;
}
