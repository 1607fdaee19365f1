import { isIP } from 'node:net';
import { decodeDeviceRequests } from '#api/decode/device-requests.ts';
import { decodeDevices } from '#api/decode/devices.ts';
import type { Fields } from '#api/decode/fields.ts';
import { decodeLinks } from '#api/decode/links.ts';
import { decodeMounts } from '#api/decode/mounts.ts';
import { decodeNamespaceModes } from '#api/decode/namespaces.ts';
import { decodePortBindings } from '#api/decode/ports.ts';
import { decodeResources, decodeRlimits } from '#api/decode/resources.ts';
import { decodeRestartPolicy } from '#api/decode/restart-policy.ts';
import { decodeSecurity } from '#api/decode/security.ts';
import { decodeSysctls } from '#api/decode/sysctls.ts';
import type { HostSettings } from '#engine/container-settings.ts';
import { DhowError } from '#errors/error.ts';
import { parseLogDriver } from '#log-drivers/options.ts';

const defaultShmBytes = 64 * 1024 * 1024;

/** Docker's `HostConfig`. Throws as `decodeContainerCreate`. */
export function decodeHostConfig(fields: Fields): { host: HostSettings; warnings: string[] } {
  // ContainerIDFile is written by the client.
  fields.refuse(['Cgroup']);
  refuseOther(fields, 'Isolation', ['', 'default']);
  refuseOther(fields, 'VolumeDriver', ['', 'local']);
  const warnings: string[] = [];
  const networkMode = decodeNetworkMode(fields);
  let ports = decodePortBindings(fields);
  if (networkMode === 'host' && ports.length > 0) {
    warnings.push('Published ports are discarded when using host network mode');
    ports = [];
  }
  const usernsMode = decodeUsernsMode(fields);
  const init = fields.optionalFlag('Init');
  const consoleSize = fields.size('ConsoleSize');
  const host: HostSettings = {
    ...decodeMounts(fields),
    ...decodeNamespaceModes(fields),
    ...(usernsMode === undefined ? {} : { usernsMode }),
    networkMode,
    links: decodeLinks(fields, networkMode),
    ports,
    publishAllPorts: fields.flag('PublishAllPorts'),
    restartPolicy: decodeRestartPolicy(fields.object('RestartPolicy')),
    autoRemove: fields.flag('AutoRemove'),
    ...(init === undefined ? {} : { init }),
    readonlyRoot: fields.flag('ReadonlyRootfs'),
    storageOptions: fields.textMap('StorageOpt'),
    shmSizeBytes: decodeShmSize(fields),
    sysctls: decodeSysctls(fields, networkMode),
    rlimits: decodeRlimits(fields),
    additionalGroups: fields.texts('GroupAdd'),
    oomScoreAdj: decodeOomScore(fields),
    devices: decodeDevices(fields),
    deviceRequests: decodeDeviceRequests(fields),
    resources: decodeResources(fields),
    security: decodeSecurity(fields),
    cgroupParent: fields.text('CgroupParent'),
    extraHosts: decodeExtraHosts(fields),
    dns: decodeDns(fields),
    dnsSearch: fields.texts('DnsSearch'),
    dnsOptions: fields.texts('DnsOptions'),
    ...decodeLogConfig(fields.object('LogConfig')),
    runtime: fields.text('Runtime'),
    ...(consoleSize === undefined ? {} : { consoleSize }),
    annotations: decodeAnnotations(fields),
  };
  return { host, warnings };
}

/** A network's name or id; `default` is the default bridge, and inspect calls it that. */
function decodeNetworkMode(fields: Fields): string {
  const mode = fields.text('NetworkMode');
  if (mode === 'container:') {
    throw new DhowError('InvalidParameter', 'invalid container format container:<name|id>');
  }
  return mode === '' || mode === 'default' ? 'bridge' : mode;
}

/** @throws InvalidParameter in Docker's words */
function decodeUsernsMode(fields: Fields): 'host' | undefined {
  const mode = fields.text('UsernsMode');
  if (mode === '') return undefined;
  if (mode === 'host') return mode;
  throw new DhowError('InvalidParameter', `invalid user namespace mode: ${mode.slice(0, 60)}`);
}

function refuseOther(fields: Fields, name: string, accepted: readonly string[]): void {
  const value = fields.text(name);
  if (accepted.includes(value)) return;
  throw new DhowError('Unsupported', `${fields.nameOf(name)} "${value.slice(0, 60)}" is not supported`);
}

function decodeShmSize(fields: Fields): number {
  const bytes = fields.integer('ShmSize');
  if (bytes < 0) throw new DhowError('InvalidParameter', 'SHM size can not be less than 0');
  return bytes === 0 ? defaultShmBytes : bytes;
}

function decodeOomScore(fields: Fields): number {
  const score = fields.integer('OomScoreAdj');
  if (score < -1000 || score > 1000) {
    throw new DhowError(
      'InvalidParameter',
      `Invalid value ${score}, range for oom score adj is [-1000, 1000]`,
    );
  }
  return score;
}

/** `name:address`; the address may be the word `host-gateway`. */
function decodeExtraHosts(fields: Fields): string[] {
  return fields.texts('ExtraHosts').map((entry) => {
    const separator = entry.includes('=') ? entry.indexOf('=') : entry.indexOf(':');
    const name = entry.slice(0, separator);
    const address = entry.slice(separator + 1).replace(/^\[(.*)\]$/, '$1');
    if (separator < 1 || /\s/.test(name) || (address !== 'host-gateway' && isIP(address) === 0)) {
      throw new DhowError('InvalidParameter', `invalid IP address in add-host: "${entry.slice(0, 100)}"`);
    }
    return `${name}:${address}`;
  });
}

function decodeDns(fields: Fields): string[] {
  return fields.texts('Dns').map((address) => {
    if (isIP(address) !== 0) return address;
    throw new DhowError(
      'InvalidParameter',
      `invalid IP address: ${address.slice(0, 60)} (${fields.nameOf('Dns')})`,
    );
  });
}

function decodeLogConfig(fields: Fields): Pick<HostSettings, 'logDriver' | 'logOptions'> {
  const driver = fields.text('Type');
  return { logDriver: driver === '' ? '' : parseLogDriver(driver), logOptions: fields.textMap('Config') };
}

function decodeAnnotations(fields: Fields): Record<string, string> {
  const annotations = fields.textMap('Annotations');
  if (Object.hasOwn(annotations, '')) {
    throw new DhowError(
      'InvalidParameter',
      'invalid Annotations: the empty string is not permitted as an annotation key',
    );
  }
  return annotations;
}
