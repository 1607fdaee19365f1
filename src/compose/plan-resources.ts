import { label, labelsVersion } from '#compose/labels.ts';
import type { Observed } from '#compose/observe.ts';
import type { Step } from '#compose/plan.ts';
import type { Project } from '#compose/project.ts';
import { networkRequest } from '#compose/request/networking.ts';
import { DhowError } from '#errors/error.ts';
import type { Network, NetworkCreateRequest } from '#wire/networks.ts';

/** Steps that make the networks and volumes of the given services, by the key that the project has for each. */
export interface ResourceSteps {
  readonly networks: ReadonlyMap<string, Step>;
  readonly volumes: ReadonlyMap<string, Step>;
}

/**
 * For those that the services use, or for all. What is there already is used when it is the project's own.
 * @throws NotFound for something external that is not there; Conflict for what is there and is not as the file says
 */
export function planResources(
  project: Project,
  services: readonly string[],
  observed: Observed,
  all: boolean,
): ResourceSteps {
  const used = services.map((name) => project.services[name]);
  const networkKeys = new Set(
    all ? Object.keys(project.networks) : used.flatMap((service) => Object.keys(service?.networks ?? {})),
  );
  const volumeKeys = new Set(
    all
      ? Object.keys(project.volumes)
      : used.flatMap((service) =>
          (service?.volumes ?? []).flatMap(({ type, source }) =>
            type === 'volume' && source ? [source] : [],
          ),
        ),
  );
  return {
    networks: stepsFor([...networkKeys].sort(), (key) => planNetwork(project, key, observed)),
    volumes: stepsFor([...volumeKeys].sort(), (key) => planVolume(project, key, observed)),
  };
}

function stepsFor(keys: readonly string[], plan: (key: string) => Step | undefined): Map<string, Step> {
  const entries = keys.map((key) => [key, plan(key)] as const);
  return new Map(entries.filter((entry): entry is [string, Step] => entry[1] !== undefined));
}

function planNetwork(project: Project, key: string, observed: Observed): Step | undefined {
  const definition = project.networks[key] ?? {};
  const found = observed.networks.find(({ Name }) => Name === definition.name);
  if (definition.external) {
    // The daemon's own networks may be named as external ones.
    if (found !== undefined) return undefined;
    throw new DhowError(
      'NotFound',
      `network "${definition.name}" is external to the project and was not found; create it first`,
    );
  }
  const labels = { [label.project]: project.name, [label.network]: key, [label.version]: labelsVersion };
  const request = networkRequest(definition, labels);
  if (found === undefined) return { action: { kind: 'create-network', request }, after: [] };
  checkOwner('network', found.Name, found.Labels, project.name);
  const difference = findDifference(request, found);
  if (difference === undefined) return undefined;
  throw new DhowError(
    'Conflict',
    `network ${found.Name} is there with another ${difference} than the file says; remove it by "compose down"`,
  );
}

function planVolume(project: Project, key: string, observed: Observed): Step | undefined {
  const { name = key, external, driver, driver_opts: options, labels } = project.volumes[key] ?? {};
  const found = observed.volumes.find(({ Name }) => Name === name);
  if (external) {
    if (found !== undefined) return undefined;
    throw new DhowError(
      'NotFound',
      `volume "${name}" is external to the project and was not found; create it first`,
    );
  }
  if (found === undefined) {
    const own = { [label.project]: project.name, [label.volume]: key, [label.version]: labelsVersion };
    const request = {
      Name: name,
      Labels: { ...labels, ...own },
      ...(driver === undefined ? {} : { Driver: driver }),
      ...(options === undefined ? {} : { DriverOpts: options }),
    };
    return { action: { kind: 'create-volume', request }, after: [] };
  }
  checkOwner('volume', name, found.Labels, project.name);
  const same = (driver ?? found.Driver) === found.Driver && equalRecords(options ?? {}, found.Options ?? {});
  if (same) return undefined;
  throw new DhowError(
    'Conflict',
    `volume ${name} is there with another driver or other options than the file says; its content would be lost if it were made anew: remove it yourself`,
  );
}

function checkOwner(
  kind: 'network' | 'volume',
  name: string,
  labels: Readonly<Record<string, string>> | null,
  project: string,
): void {
  const owner = labels?.[label.project];
  if (owner === project) return;
  const whose = owner === undefined ? 'was not made by Compose' : `belongs to project ${owner}`;
  throw new DhowError(
    'Conflict',
    `${kind} ${name} is there and ${whose}; write "external: true" to use it, or give this one another name`,
  );
}

/** Which setting differs. What the file leaves open may be as it is. */
function findDifference(wanted: NetworkCreateRequest, found: Network): string | undefined {
  if (wanted.Driver !== undefined && wanted.Driver !== found.Driver) return 'driver';
  if (Object.entries(wanted.Options ?? {}).some(([key, value]) => found.Options?.[key] !== value))
    return 'driver option';
  if ((wanted.Internal ?? false) !== found.Internal) return 'setting of "internal"';
  if (wanted.EnableIPv6 !== undefined && wanted.EnableIPv6 !== found.EnableIPv6)
    return 'setting of "enable_ipv6"';
  const pools = found.IPAM.Config ?? [];
  for (const { Subnet, IPRange, Gateway } of wanted.IPAM?.Config ?? []) {
    const pool = pools.find((candidate) => Subnet === undefined || candidate.Subnet === Subnet);
    if (pool === undefined) return 'subnet';
    if (Gateway !== undefined && pool.Gateway !== Gateway) return 'gateway';
    if (IPRange !== undefined && pool.IPRange !== IPRange) return 'address range';
  }
  return undefined;
}

function equalRecords(a: Readonly<Record<string, string>>, b: Readonly<Record<string, string>>): boolean {
  return (
    Object.keys(a).length === Object.keys(b).length &&
    Object.entries(a).every(([key, value]) => b[key] === value)
  );
}
