import type { Listing } from '#cli/output/listing.ts';
import { containerListing } from '#cli/output/listings/containers.ts';
import { decodeJson } from '#cli/output/template/json.ts';
import { intType, intValue, sliceOf, stringType } from '#cli/output/template/value.ts';
import { field, struct } from '#cli/output/types/fields.ts';
import { label } from '#compose/labels.ts';
import type { ServiceContainer } from '#compose/observe.ts';
import type { ContainerSummary } from '#wire/containers.ts';

export const composeTable =
  'table {{.Name}}\\t{{.Image}}\\t{{.Command}}\\t{{.Service}}\\t{{.RunningFor}}\\t{{.Status}}\\t{{.Ports}}';

const publishersType = sliceOf(
  struct('api.PortPublisher', [
    field('URL', stringType),
    field('TargetPort', intType),
    field('PublishedPort', intType),
    field('Protocol', stringType),
  ]),
  'api.PortPublishers',
);

/** Columns of `compose ps`: those of `docker ps`, and the project's own. `now` in milliseconds since the epoch. */
export function composeListing(now: number, truncate: boolean): Listing<ServiceContainer> {
  const { columns } = containerListing(now, truncate);
  const usual = Object.entries(columns).map(([name, { title, value }]) => {
    return [name, { title, value: (row: ServiceContainer) => value(row.summary) }] as const;
  });
  return {
    typeName: '*formatter.ContainerContext',
    labels: ({ summary }) => summary.Labels,
    columns: {
      ...Object.fromEntries(usual),
      ExitCode: { title: 'EXIT CODE', value: ({ summary }) => intValue(exitCodeOf(summary)) },
      Health: { title: 'HEALTH', value: ({ summary }) => healthOf(summary) },
      Name: { title: 'NAME', value: ({ name }) => name },
      Project: { title: 'PROJECT', value: ({ summary }) => summary.Labels[label.project] ?? '' },
      Publishers: {
        title: 'PUBLISHERS',
        value: ({ summary }) => decodeJson(publishersType, publishersOf(summary)),
      },
      Service: { title: 'SERVICE', value: ({ service }) => service },
    },
  };
}

/** Daemons tell these two in words only. */
function healthOf({ Status: status }: ContainerSummary): string {
  return /\((?:health: )?(healthy|unhealthy|starting)\)$/.exec(status)?.[1] ?? '';
}

function exitCodeOf({ Status: status }: ContainerSummary): number {
  return Number(/^Exited \((-?\d+)\)/.exec(status)?.[1] ?? 0);
}

function publishersOf({ Ports: ports }: ContainerSummary) {
  return (ports ?? []).map(({ IP, PrivatePort, PublicPort, Type }) => ({
    URL: IP ?? '',
    TargetPort: PrivatePort,
    PublishedPort: PublicPort ?? 0,
    Protocol: Type,
  }));
}
