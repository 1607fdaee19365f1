import { dropUndefined } from '#compose/drop-undefined.ts';
import type { Service } from '#compose/model/service.ts';
import type { Project } from '#compose/project.ts';
import { DhowError } from '#errors/error.ts';
import type { ContainerConfig } from '#wire/container-config.ts';
import type { HostConfig, PortMap } from '#wire/host-config.ts';
import type { EndpointSettings, NetworkCreateRequest } from '#wire/networks.ts';

type NetworkSettings = NonNullable<Service['networks']>[string];
type NetworkDefinition = Project['networks'][string];

/** A network that a container joins, by the name that the daemon knows. */
export interface Attachment {
  readonly network: string;
  readonly settings: EndpointSettings;
}

/**
 * The networks of a container; the first one is its main one, by priority and then in the order of the alphabet.
 * @param aliases names that it has in each of them, besides those in the file
 * @param links `CONTAINER:ALIAS`
 */
export function attachmentsOf(
  project: Project,
  service: Service,
  { aliases, links }: { aliases: readonly string[]; links: readonly string[] },
): Attachment[] {
  const entries = Object.entries(service.networks ?? {}).sort(
    ([a, first], [b, second]) => (second?.priority ?? 0) - (first?.priority ?? 0) || (a < b ? -1 : 1),
  );
  return entries.map(([key, settings], index) => {
    const address = dropUndefined({
      IPv4Address: settings?.ipv4_address,
      IPv6Address: settings?.ipv6_address,
      LinkLocalIPs: settings?.link_local_ips,
    });
    return {
      network: project.networks[key]?.name ?? key,
      settings: dropUndefined({
        Aliases: [...new Set([...aliases, ...(settings?.aliases ?? [])])],
        IPAMConfig: Object.keys(address).length > 0 ? address : undefined,
        Links: links.length > 0 ? [...links] : undefined,
        MacAddress: settings?.mac_address ?? (index === 0 ? service.mac_address : undefined),
        DriverOpts: driverOptions(settings),
        GwPriority: settings?.gw_priority,
      }),
    };
  });
}

function driverOptions(settings: NetworkSettings): Record<string, string> | undefined {
  const name = settings?.interface_name;
  if (name === undefined) return settings?.driver_opts;
  return { ...settings?.driver_opts, 'com.docker.network.endpoint.ifname': name };
}

/** Ports that are open to other containers, and those that the host has. */
export function portsOf(
  service: Service,
): Pick<ContainerConfig, 'ExposedPorts'> & Pick<HostConfig, 'PortBindings'> {
  const exposed: Record<string, Record<string, never>> = {};
  const bindings: PortMap = {};
  for (const text of service.expose ?? []) {
    for (const key of exposedKeys(text)) exposed[key] = {};
  }
  for (const { target, protocol = 'tcp', published, host_ip: address } of service.ports ?? []) {
    if (target === undefined) throw new DhowError('InvalidParameter', 'a port lacks its target');
    const key = `${target}/${protocol}`;
    exposed[key] = {};
    const known = bindings[key] ?? [];
    bindings[key] = [
      ...known,
      { ...(address === undefined ? {} : { HostIp: address }), HostPort: published ?? '' },
    ];
  }
  return {
    ...(Object.keys(exposed).length > 0 ? { ExposedPorts: exposed } : {}),
    ...(Object.keys(bindings).length > 0 ? { PortBindings: bindings } : {}),
  };
}

/** `80`, `80/udp`, `8000-8010/tcp` */
function exposedKeys(text: string): string[] {
  const [, first, last = first, protocol = 'tcp'] =
    /^(\d+)(?:-(\d+))?(?:\/(tcp|udp|sctp))?$/.exec(text) ?? [];
  const count = Number(last) - Number(first) + 1;
  if (first === undefined || count < 1 || Number(last) > 65_535) {
    throw new DhowError('InvalidParameter', `expose: "${text}" is not PORT[-PORT][/PROTOCOL]`);
  }
  return Array.from({ length: count }, (_, index) => `${Number(first) + index}/${protocol}`);
}

export function networkRequest(
  definition: NetworkDefinition,
  labels: Readonly<Record<string, string>>,
): NetworkCreateRequest {
  const { ipam } = definition;
  const config = ipam?.config?.map(({ subnet, ip_range, gateway, aux_addresses }) =>
    dropUndefined({ Subnet: subnet, IPRange: ip_range, Gateway: gateway, AuxiliaryAddresses: aux_addresses }),
  );
  return {
    Name: definition.name ?? '',
    Labels: { ...definition.labels, ...labels },
    ...dropUndefined({
      Driver: definition.driver,
      Options: definition.driver_opts,
      Internal: definition.internal,
      Attachable: definition.attachable,
      EnableIPv4: definition.enable_ipv4,
      EnableIPv6: definition.enable_ipv6,
      IPAM:
        ipam === undefined
          ? undefined
          : dropUndefined({ Driver: ipam.driver, Options: ipam.options, Config: config }),
    }),
  };
}
