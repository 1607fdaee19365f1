import fs from 'node:fs';
import { networkNameOf } from '#engine/containers/network-mode.ts';
import type { ContainerContext } from '#engine/containers/parts.ts';
import type { ContainerPaths } from '#engine/containers/paths.ts';
import type { ContainerRecord } from '#engine/containers/table.ts';
import { renderHostname, renderHosts, renderResolvConf } from '#network/host-files.ts';
import type { Endpoint } from '#network/network.ts';

/**
 * Writes the container's hosts, hostname and resolv.conf anew, as each start does. In place and not by rename: a running container of the same
 * network (`--network container:X`) has the very files mounted.
 */
export function writeHostFiles(
  context: Pick<ContainerContext, 'hostFiles'>,
  record: ContainerRecord,
  paths: ContainerPaths,
  hostname: string,
  endpoint: Endpoint | undefined,
): void {
  const { host, domainname } = record.settings;
  if (host.networkMode.startsWith('container:')) return;
  const onHost = networkNameOf(host.networkMode) === 'host';
  fs.writeFileSync(
    paths.hosts,
    renderHosts({
      ...(onHost ? { base: context.hostFiles.hosts() } : {}),
      hostname,
      ...(domainname ? { domainname } : {}),
      ...(endpoint ? { address: endpoint.address, hostGateway: endpoint.gateway } : {}),
      extraHosts: host.extraHosts,
    }),
  );
  fs.writeFileSync(paths.hostname, renderHostname(hostname));
  const { dns, dnsSearch: search, dnsOptions: options } = host;
  fs.writeFileSync(paths.resolv, renderResolvConf(context.hostFiles.resolvConf(), { dns, search, options }));
}
