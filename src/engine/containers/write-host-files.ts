import fs from 'node:fs';
import { hostnameOf, networkNameOf } from '#engine/containers/network-mode.ts';
import type { ContainerContext } from '#engine/containers/parts.ts';
import type { ContainerPaths } from '#engine/containers/paths.ts';
import type { ContainerRecord } from '#engine/containers/table.ts';
import { renderHostname, renderHosts, renderResolvConf } from '#network/host-files.ts';
import type { Endpoint } from '#network/network.ts';

/**
 * Writes the container's hosts, hostname and resolv.conf anew, as each start does, and each change
 * of its networks. In place and not by rename: a running container of the same
 * network (`--network container:X`) has the very files mounted.
 */
export function writeHostFiles(
  context: Pick<ContainerContext, 'hostFiles' | 'networks'>,
  record: ContainerRecord,
  paths: ContainerPaths,
): void {
  const { host, domainname } = record.settings;
  if (host.networkMode.startsWith('container:')) return;
  const hostname = hostnameOf(record);
  const endpoints = context.networks.endpointsOf(record.id);
  const onHost = networkNameOf(host.networkMode) === 'host';
  fs.writeFileSync(
    paths.hosts,
    renderHosts({
      ...(onHost ? { base: context.hostFiles.hosts() } : {}),
      hostname,
      ...(domainname ? { domainname } : {}),
      addresses: endpoints.flatMap(({ ipv4, ipv6 }) => [ipv4.address, ipv6.address]).filter(Boolean),
      hostGateways: hostGatewaysOf(context, endpoints),
      extraHosts: host.extraHosts,
    }),
  );
  fs.writeFileSync(paths.hostname, renderHostname(hostname));
  const ownResolver = endpoints.some(({ names }) => names.length > 0);
  const { dns, dnsSearch: search, dnsOptions: options } = host;
  fs.writeFileSync(
    paths.resolv,
    renderResolvConf(context.hostFiles.resolvConf(), { ownResolver, dns, search, options }),
  );
}

/** The host as the container's networks see it, else as the default network does. */
function hostGatewaysOf(
  context: Pick<ContainerContext, 'networks'>,
  endpoints: readonly Endpoint[],
): string[] {
  const own = endpoints.flatMap(({ ipv4, ipv6 }) => [ipv4.gateway, ipv6.gateway]).filter(Boolean);
  return own.length > 0 ? own : context.networks.get('bridge').pools.flatMap(({ gateway }) => gateway ?? []);
}
