import type { Listing } from '#cli/output/listing.ts';
import { joinLabels } from '#cli/output/listings/names.ts';
import { timeType } from '#cli/output/types/fields.ts';
import { shortId } from '#cli/output/width.ts';
import type { Network } from '#wire/networks.ts';

export const networkTable = 'table {{.ID}}\\t{{.Name}}\\t{{.Driver}}\\t{{.Scope}}';
export const networkRaw = 'network_id: {{.ID}}\nname: {{.Name}}\ndriver: {{.Driver}}\nscope: {{.Scope}}\n';

/** Columns of `network ls`. */
export function networkListing(truncate: boolean): Listing<Network> {
  return {
    typeName: '*network.networkContext',
    labels: (row) => row.Labels,
    columns: {
      ID: { title: 'NETWORK ID', value: (row) => (truncate ? shortId(row.Id) : row.Id) },
      Name: { title: 'NAME', value: (row) => row.Name },
      Driver: { title: 'DRIVER', value: (row) => row.Driver },
      Scope: { title: 'SCOPE', value: (row) => row.Scope },
      IPv4: { title: 'IPV4', value: (row) => String(row.EnableIPv4 ?? false) },
      IPv6: { title: 'IPV6', value: (row) => String(row.EnableIPv6 ?? false) },
      Internal: { title: 'INTERNAL', value: (row) => String(row.Internal ?? false) },
      Labels: { title: 'LABELS', value: (row) => joinLabels(row.Labels) },
      CreatedAt: { title: 'CREATED AT', value: (row) => showTime(row.Created) },
    },
  };
}

/** The daemon's own zone is kept, as Docker does here and nowhere else. */
function showTime(created: string): string {
  const value = timeType.decode?.(created);
  return value === undefined ? created : (timeType.display?.(value) ?? created);
}
