import fs from 'node:fs';
import { linkHosts } from '#engine/containers/links.ts';
import { hostnameOf, networkNameOf } from '#engine/containers/network-mode.ts';
import type { ContainerContext } from '#engine/containers/parts.ts';
import type { ContainerPaths } from '#engine/containers/paths.ts';
import { readHostsFile } from '#engine/containers/read-hosts-file.ts';
import type { ContainerRecord } from '#engine/containers/table.ts';
import { editHosts, ownNames, renderHostname, renderHosts } from '#network/host-files.ts';
import type { Endpoint } from '#network/network.ts';
import { renderResolvConf } from '#network/resolv-conf.ts';
import { type IdMapping, rootOutside } from '#sys/id-mapping.ts';

/**
 * Writes the container's hosts, hostname and resolv.conf anew, as each start does. In place and not by rename: a running
 * container of the same network (`--network container:X`) has the very files mounted.
 */
export function writeHostFiles(
  context: ContainerContext,
  record: ContainerRecord,
  paths: ContainerPaths,
  mapping: IdMapping | undefined,
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
      addresses: addressesOf(endpoints),
      hostGateways: hostGatewaysOf(context, endpoints),
      extraHosts: host.extraHosts,
      links: linkHosts(context, record),
    }),
  );
  fs.writeFileSync(paths.hostname, renderHostname(hostname));
  fs.writeFileSync(paths.resolv, resolvConfOf(context, record, endpoints));
  const { uid, gid } = mapping === undefined ? { uid: 0, gid: 0 } : rootOutside(mapping);
  for (const file of [paths.hosts, paths.hostname, paths.resolv]) fs.chownSync(file, uid, gid);
}

/**
 * Changes the files of a running container when its networks have changed. What the container itself has written into
 * its hosts file stays, and so does a resolv.conf that it has changed.
 * @param before the endpoints that it had
 */
export function updateHostFiles(
  context: ContainerContext,
  record: ContainerRecord,
  paths: ContainerPaths,
  before: readonly Endpoint[],
): void {
  const endpoints = context.networks.endpointsOf(record.id);
  const { domainname } = record.settings;
  const names = ownNames({ hostname: hostnameOf(record), domainname }).split(' ');
  const old = new Set(addressesOf(before));
  const hosts = editHosts(readHostsFile(paths.hosts), {
    remove: (address, [name = '']) => old.has(address) && names.includes(name),
    add: addressesOf(endpoints).map((address) => ({ address, names })),
  });
  fs.writeFileSync(paths.hosts, hosts);
  if (readHostsFile(paths.resolv) === resolvConfOf(context, record, before)) {
    fs.writeFileSync(paths.resolv, resolvConfOf(context, record, endpoints));
  }
}

function addressesOf(endpoints: readonly Endpoint[]): string[] {
  return endpoints.flatMap(({ ipv4, ipv6 }) => [ipv4.address, ipv6.address]).filter(Boolean);
}

function resolvConfOf(
  context: ContainerContext,
  record: ContainerRecord,
  endpoints: readonly Endpoint[],
): string {
  const ownResolver = endpoints.some(({ names }) => names.length > 0);
  const { dns, dnsSearch: search, dnsOptions: options, networkMode } = record.settings.host;
  const sharesHost = networkNameOf(networkMode) === 'host';
  const ipv6 = endpoints.some((endpoint) => endpoint.ipv6.address !== '');
  const { hostFiles } = context;
  return renderResolvConf(sharesHost ? hostFiles.resolvConf() : hostFiles.reachableResolvConf(), {
    ...{ ownResolver, sharesHost, ipv6, dns, search, options },
  });
}

/** The host as the container's networks see it, else as the default network does. */
function hostGatewaysOf(context: ContainerContext, endpoints: readonly Endpoint[]): string[] {
  const own = endpoints.flatMap(({ ipv4, ipv6 }) => [ipv4.gateway, ipv6.gateway]).filter(Boolean);
  return own.length > 0 ? own : context.networks.get('bridge').pools.flatMap(({ gateway }) => gateway ?? []);
}
