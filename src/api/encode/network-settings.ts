import type { ContainerView } from '#engine/containers.ts';
import type { Endpoint } from '#network/network.ts';
import type { InspectNetworkSettings } from '#wire/container-inspect.ts';
import type { PortSummary } from '#wire/containers.ts';
import type { PortMap } from '#wire/host-config.ts';
import type { EndpointSettings } from '#wire/networks.ts';

/** Inspect's `NetworkSettings`; the fields beside `Networks` repeat the default bridge's endpoint. */
export function encodeNetworkSettings(view: ContainerView): InspectNetworkSettings {
  const bridge = view.endpoints.find((endpoint) => endpoint.networkName === 'bridge');
  return {
    Bridge: '',
    SandboxID: view.endpoints[0]?.id ?? '',
    SandboxKey: '',
    Ports: encodePorts(view),
    HairpinMode: false,
    LinkLocalIPv6Address: '',
    LinkLocalIPv6PrefixLen: 0,
    SecondaryIPAddresses: null,
    SecondaryIPv6Addresses: null,
    EndpointID: bridge?.id ?? '',
    Gateway: bridge?.gateway ?? '',
    GlobalIPv6Address: '',
    GlobalIPv6PrefixLen: 0,
    IPAddress: bridge?.address ?? '',
    IPPrefixLen: bridge?.prefixLength ?? 0,
    IPv6Gateway: '',
    MacAddress: bridge?.macAddress ?? '',
    Networks: encodeNetworks(view),
  };
}

/** A container that does not run keeps the name of its network, with an endpoint that is blank. */
export function encodeNetworks(view: ContainerView): Record<string, EndpointSettings> {
  const { settings, endpoints } = view;
  const mode = settings.host.networkMode;
  if (mode.startsWith('container:') || settings.networkDisabled) return {};
  if (endpoints.length === 0) return { [mode]: encodeEndpoint(view, undefined) };
  return Object.fromEntries(
    endpoints.map((endpoint) => [endpoint.networkName, encodeEndpoint(view, endpoint)]),
  );
}

function encodeEndpoint(view: ContainerView, endpoint: Endpoint | undefined): EndpointSettings {
  const { address, macAddress, aliases } = view.settings.endpoint;
  return {
    IPAMConfig: address === undefined ? null : { IPv4Address: address },
    Links: null,
    Aliases: aliases.length > 0 ? aliases : null,
    MacAddress: endpoint?.macAddress ?? macAddress ?? '',
    DriverOpts: null,
    GwPriority: 0,
    NetworkID: endpoint?.networkId ?? '',
    EndpointID: endpoint?.id ?? '',
    Gateway: endpoint?.gateway ?? '',
    IPAddress: endpoint?.address ?? '',
    IPPrefixLen: endpoint?.prefixLength ?? 0,
    IPv6Gateway: '',
    GlobalIPv6Address: '',
    GlobalIPv6PrefixLen: 0,
    DNSNames: null,
  };
}

/** Exposed ports of a running container; `null` for those that are not published. */
function encodePorts(view: ContainerView): PortMap {
  if (view.endpoints.length === 0) return {};
  const ports: PortMap = {};
  for (const port of view.effective.exposedPorts) ports[port] = null;
  for (const published of view.endpoints.flatMap((endpoint) => endpoint.ports)) {
    const key = `${published.containerPort}/${published.protocol}`;
    const bindings = ports[key] ?? [];
    bindings.push({ HostIp: published.hostAddress || '0.0.0.0', HostPort: String(published.hostPort) });
    ports[key] = bindings;
  }
  return ports;
}

/** The `PORTS` column of `docker ps`. */
export function summarizePorts(view: ContainerView): PortSummary[] {
  return Object.entries(encodePorts(view)).flatMap(([key, bindings]) => {
    const [port = '', type = 'tcp'] = key.split('/');
    const inside = { PrivatePort: Number(port), Type: type };
    if (bindings === null) return [inside];
    return bindings.map((binding) => ({
      IP: binding.HostIp ?? '',
      PrivatePort: inside.PrivatePort,
      PublicPort: Number(binding.HostPort),
      Type: type,
    }));
  });
}
