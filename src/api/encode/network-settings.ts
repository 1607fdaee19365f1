import type { ContainerView } from '#engine/containers.ts';
import type { Endpoint, EndpointRequest } from '#network/network.ts';
import type { InspectNetworkSettings } from '#wire/container-inspect.ts';
import type { PortSummary } from '#wire/containers.ts';
import type { PortMap } from '#wire/host-config.ts';
import type { EndpointIpamConfig, EndpointSettings } from '#wire/networks.ts';

/** Inspect's `NetworkSettings`; the fields beside `Networks` repeat the default bridge's endpoint. */
export function encodeNetworkSettings(view: ContainerView): InspectNetworkSettings {
  const bridge = view.endpoints.find((endpoint) => endpoint.networkName === 'bridge');
  return {
    Bridge: '',
    SandboxID: view.endpoints[0]?.id ?? '',
    SandboxKey: 'pid' in view.state && view.state.pid > 0 ? `/proc/${view.state.pid}/ns/net` : '',
    Ports: encodePorts(view),
    HairpinMode: false,
    LinkLocalIPv6Address: '',
    LinkLocalIPv6PrefixLen: 0,
    SecondaryIPAddresses: null,
    SecondaryIPv6Addresses: null,
    EndpointID: bridge?.id ?? '',
    Gateway: bridge?.ipv4.gateway ?? '',
    GlobalIPv6Address: bridge?.ipv6.address ?? '',
    GlobalIPv6PrefixLen: bridge?.ipv6.prefixLength ?? 0,
    IPAddress: bridge?.ipv4.address ?? '',
    IPPrefixLen: bridge?.ipv4.prefixLength ?? 0,
    IPv6Gateway: bridge?.ipv6.gateway ?? '',
    MacAddress: bridge?.macAddress ?? '',
    Networks: encodeNetworks(view),
  };
}

/** A container that does not run keeps the names of its networks, with endpoints that are blank. */
export function encodeNetworks(view: ContainerView): Record<string, EndpointSettings> {
  const { settings, endpoints } = view;
  if (settings.networkDisabled) return {};
  return Object.fromEntries(
    settings.networks.map((request) => [
      request.network,
      encodeEndpoint(
        request,
        endpoints.find((endpoint) => endpoint.networkName === request.network),
      ),
    ]),
  );
}

function encodeEndpoint(request: EndpointRequest, endpoint: Endpoint | undefined): EndpointSettings {
  const { aliases = [] } = request;
  return {
    IPAMConfig: encodeIpam(request),
    Links: request.links ? request.links.map(({ target, alias }) => `${target}:${alias}`) : null,
    Aliases: aliases.length > 0 ? aliases : null,
    MacAddress: endpoint?.macAddress ?? request.macAddress ?? '',
    DriverOpts: encodeDriverOptions(request),
    GwPriority: request.gatewayPriority ?? 0,
    NetworkID: endpoint?.networkId ?? '',
    EndpointID: endpoint?.id ?? '',
    Gateway: endpoint?.ipv4.gateway ?? '',
    IPAddress: endpoint?.ipv4.address ?? '',
    IPPrefixLen: endpoint?.ipv4.prefixLength ?? 0,
    IPv6Gateway: endpoint?.ipv6.gateway ?? '',
    GlobalIPv6Address: endpoint?.ipv6.address ?? '',
    GlobalIPv6PrefixLen: endpoint?.ipv6.prefixLength ?? 0,
    DNSNames: endpoint && endpoint.names.length > 0 ? endpoint.names : null,
  };
}

function encodeDriverOptions({ interfaceName, sysctls }: EndpointRequest): Record<string, string> | null {
  const settings = Object.entries(sysctls ?? {}).map(([name, value]) => `${name}=${value}`);
  const options = {
    ...(interfaceName ? { 'com.docker.network.endpoint.ifname': interfaceName } : {}),
    ...(settings.length > 0 ? { 'com.docker.network.endpoint.sysctls': settings.join(',') } : {}),
  };
  return Object.keys(options).length === 0 ? null : options;
}

function encodeIpam(request: EndpointRequest): EndpointIpamConfig | null {
  const { address, address6, linkLocalAddresses } = request;
  const config: EndpointIpamConfig = {
    ...(address === undefined ? {} : { IPv4Address: address }),
    ...(address6 === undefined ? {} : { IPv6Address: address6 }),
    ...(linkLocalAddresses === undefined ? {} : { LinkLocalIPs: linkLocalAddresses }),
  };
  return Object.keys(config).length === 0 ? null : config;
}

/** Exposed ports of a running container; `null` for those that are not published. */
function encodePorts(view: ContainerView): PortMap {
  if (view.endpoints.length === 0) return {};
  const ports: PortMap = {};
  for (const port of view.effective.exposedPorts) ports[port] = null;
  for (const published of view.ports) {
    const key = `${published.containerPort}/${published.protocol}`;
    const bindings = ports[key] ?? [];
    bindings.push({ HostIp: published.hostAddress, HostPort: String(published.hostPort) });
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
