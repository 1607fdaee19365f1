import { decodeContainerConfig } from '#api/decode/container-config.ts';
import { Fields } from '#api/decode/fields.ts';
import { decodeHostConfig } from '#api/decode/host-config.ts';
import { decodeNetworks } from '#api/decode/networking.ts';
import type { ContainerSettings } from '#engine/container-settings.ts';
import { DhowError } from '#errors/error.ts';

/**
 * The body of `POST /containers/create` as the engine's settings. Everything that can be refused is refused here, before
 * anything exists; what Docker merely warns of comes back as warnings.
 *
 * @throws InvalidParameter for a value that is wrong, Unsupported for a field that cannot be honoured; both name the field
 */
export function decodeContainerCreate(body: unknown): { settings: ContainerSettings; warnings: string[] } {
  if (body === undefined || body === null) {
    throw new DhowError('InvalidParameter', 'config cannot be empty in order to create a container');
  }
  const fields = Fields.of(body);
  const config = decodeContainerConfig(fields);
  const { host, warnings } = decodeHostConfig(fields.object('HostConfig'));
  const networks = decodeNetworks(fields, host.networkMode);
  const settings = { ...config, host, networks };
  checkTogether(settings);
  return { settings, warnings };
}

/** Rules that concern fields of both halves. */
function checkTogether(settings: ContainerSettings): void {
  const { host } = settings;
  if (host.utsMode === 'host' && settings.hostname !== '') {
    throw new DhowError('InvalidParameter', 'conflicting options: hostname and the UTS mode');
  }
  if (host.autoRemove && host.restartPolicy.name !== 'no') {
    throw new DhowError('InvalidParameter', "can't create 'AutoRemove' container with restart policy");
  }
  if (!host.networkMode.startsWith('container:')) return;
  const conflicts: [boolean, string][] = [
    [settings.hostname !== '', 'hostname and the network mode'],
    [host.dns.length > 0, 'dns and the network mode'],
    [host.extraHosts.length > 0, 'custom host-to-IP mapping and the network mode'],
    [host.ports.length > 0 || host.publishAllPorts, 'port publishing and the container type network mode'],
    [settings.exposedPorts.length > 0, 'port exposing and the container type network mode'],
  ];
  for (const [conflict, options] of conflicts) {
    if (conflict) throw new DhowError('InvalidParameter', `conflicting options: ${options}`);
  }
}
