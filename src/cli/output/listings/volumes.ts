import type { Listing } from '#cli/output/listing.ts';
import { joinLabels } from '#cli/output/listings/names.ts';
import { humanSize } from '#cli/output/size.ts';
import type { Volume } from '#wire/volumes.ts';

export const volumeTable = 'table {{.Driver}}\\t{{.Name}}';
export const volumeRaw = 'name: {{.Name}}\ndriver: {{.Driver}}\n';

/** Columns of `volume ls`. Availability, group and status belong to volumes of a cluster, which a single host has none of. */
export function volumeListing(): Listing<Volume> {
  return {
    typeName: '*formatter.volumeContext',
    labels: (row) => row.Labels,
    columns: {
      Name: { title: 'VOLUME NAME', value: (row) => row.Name },
      Driver: { title: 'DRIVER', value: (row) => row.Driver },
      Scope: { title: 'SCOPE', value: (row) => row.Scope },
      Mountpoint: { title: 'MOUNTPOINT', value: (row) => row.Mountpoint },
      Labels: { title: 'LABELS', value: (row) => joinLabels(row.Labels) },
      Links: { title: 'LINKS', value: (row) => usage(row, ({ RefCount }) => String(RefCount)) },
      Size: { title: 'SIZE', value: (row) => usage(row, ({ Size }) => humanSize(Size)) },
      Availability: { title: 'AVAILABILITY', value: () => 'N/A' },
      Group: { title: 'GROUP', value: () => 'N/A' },
      Status: { title: 'STATUS', value: () => 'N/A' },
    },
  };
}

function usage(row: Volume, show: (usage: NonNullable<Volume['UsageData']>) => string): string {
  return row.UsageData == null ? 'N/A' : show(row.UsageData);
}
