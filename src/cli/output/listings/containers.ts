import type { Listing } from '#cli/output/listing.ts';
import { joinLabels, showReference } from '#cli/output/listings/names.ts';
import { formatPorts } from '#cli/output/listings/ports.ts';
import { humanSize } from '#cli/output/size.ts';
import { quoteString } from '#cli/output/template/print.ts';
import { type GoType, pointerTo, type Value } from '#cli/output/template/value.ts';
import { formatGoTime } from '#cli/output/time.ts';
import { ellipsis, shortId } from '#cli/output/width.ts';
import type { ContainerSummary } from '#wire/containers.ts';
import { humanDuration } from '#wire/human-duration.ts';

export const containerTable =
  'table {{.ID}}\\t{{.Image}}\\t{{.Command}}\\t{{.RunningFor}}\\t{{.Status}}\\t{{.Ports}}\\t{{.Names}}';

export const containerRaw = `container_id: {{.ID}}
image: {{.Image}}
command: {{.Command}}
created_at: {{.CreatedAt}}
state: {{- pad .State 1 0}}
status: {{- pad .Status 1 0}}
names: {{.Names}}
labels: {{- pad .Labels 1 0}}
ports: {{- pad .Ports 1 0}}
`;

const platformType: GoType = { kind: 'struct', name: 'formatter.Platform', fields: [] };
const noPlatform: Value = { kind: 'pointer', type: pointerTo(platformType), data: null };

/** Columns of `container ls`. `now` in milliseconds since the epoch. */
export function containerListing(now: number, truncate: boolean): Listing<ContainerSummary> {
  return {
    typeName: '*formatter.ContainerContext',
    labels: (row) => row.Labels,
    columns: {
      ID: { title: 'CONTAINER ID', value: (row) => (truncate ? shortId(row.Id) : row.Id) },
      Names: { title: 'NAMES', value: (row) => formatNames(row.Names, truncate) },
      Image: { title: 'IMAGE', value: (row) => formatImage(row, truncate) },
      Command: {
        title: 'COMMAND',
        value: (row) => quoteString(truncate ? ellipsis(row.Command, 20) : row.Command),
      },
      CreatedAt: { title: 'CREATED AT', value: (row) => formatGoTime(row.Created * 1000) },
      RunningFor: { title: 'CREATED', value: (row) => `${humanDuration(now - row.Created * 1000)} ago` },
      Ports: { title: 'PORTS', value: (row) => formatPorts(row.Ports) },
      State: { title: 'STATE', value: (row) => row.State },
      Status: { title: 'STATUS', value: (row) => row.Status },
      Size: { title: 'SIZE', value: formatSize },
      Labels: { title: 'LABELS', value: (row) => joinLabels(row.Labels) },
      Mounts: { title: 'MOUNTS', value: (row) => formatMounts(row, truncate) },
      LocalVolumes: {
        title: 'LOCAL VOLUMES',
        value: (row) => String((row.Mounts ?? []).filter((mount) => mount.Driver === 'local').length),
      },
      Networks: {
        title: 'NETWORKS',
        value: (row) => Object.keys(row.NetworkSettings?.Networks ?? {}).join(','),
      },
      Platform: { title: 'PLATFORM', value: () => noPlatform },
    },
  };
}

function formatNames(names: readonly string[] | null, truncate: boolean): string {
  const bare = (names ?? []).map((name) => name.replace(/^\//, ''));
  // A name with a slash inside is how another container calls this one by a link.
  return truncate ? (bare.find((name) => !name.includes('/')) ?? '') : bare.join(',');
}

function formatImage(row: ContainerSummary, truncate: boolean): string {
  if (row.Image === '') return '<no image>';
  if (!truncate) return row.Image;
  if (shortId(row.ImageID) === shortId(row.Image)) return shortId(row.ImageID);
  const { name, tag } = showReference(row.Image);
  return tag === undefined ? name : `${name}:${tag}`;
}

function formatSize(row: ContainerSummary): string {
  const own = humanSize(row.SizeRw ?? 0, 3);
  const whole = row.SizeRootFs ?? 0;
  return whole > 0 ? `${own} (virtual ${humanSize(whole, 3)})` : own;
}

function formatMounts(row: ContainerSummary, truncate: boolean): string {
  return (row.Mounts ?? [])
    .map((mount) => mount.Name || mount.Source)
    .map((name) => (truncate ? ellipsis(name, 15) : name))
    .join(',');
}
