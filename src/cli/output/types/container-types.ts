import {
  boolType,
  int64Type,
  intType,
  mapOf,
  pointerTo,
  sliceOf,
  stringsType,
  stringType,
} from '#cli/output/template/value.ts';
import { containerConfigType } from '#cli/output/types/config-types.ts';
import { embedded, field, named, stringMap, struct, timeType } from '#cli/output/types/fields.ts';
import { hostConfigType } from '#cli/output/types/host-config-types.ts';
import { descriptorType, driverDataType } from '#cli/output/types/image-types.ts';
import { portMapType } from '#cli/output/types/port-types.ts';

/*
 * The types behind `docker container inspect --format`, with the names, the order and the empty values of the Go structs of
 * Docker 28 (API 1.50). `printf "%+v"` of the real CLI shows each of them.
 */

const healthResult = struct('container.HealthcheckResult', [
  field('Start', timeType),
  field('End', timeType),
  field('ExitCode', intType),
  field('Output', stringType),
]);

const health = struct('container.Health', [
  field('Status', stringType),
  field('FailingStreak', intType),
  field('Log', sliceOf(pointerTo(healthResult))),
]);

const state = struct('container.State', [
  field('Status', stringType),
  field('Running', boolType),
  field('Paused', boolType),
  field('Restarting', boolType),
  field('OOMKilled', boolType),
  field('Dead', boolType),
  field('Pid', intType),
  field('ExitCode', intType),
  field('Error', stringType),
  field('StartedAt', stringType),
  field('FinishedAt', stringType),
  field('Health', pointerTo(health), '?'),
]);

const base = struct('container.ContainerJSONBase', [
  field('ID', stringType, 'Id'),
  field('Created', stringType),
  field('Path', stringType),
  field('Args', stringsType),
  field('State', pointerTo(state)),
  field('Image', stringType),
  field('ResolvConfPath', stringType),
  field('HostnamePath', stringType),
  field('HostsPath', stringType),
  field('LogPath', stringType),
  field('Name', stringType),
  field('RestartCount', intType),
  field('Driver', stringType),
  field('Platform', stringType),
  field('MountLabel', stringType),
  field('ProcessLabel', stringType),
  field('AppArmorProfile', stringType),
  field('ExecIDs', stringsType),
  field('HostConfig', pointerTo(hostConfigType)),
  field('GraphDriver', driverDataType),
  field('SizeRw', pointerTo(int64Type), '?'),
  field('SizeRootFs', pointerTo(int64Type), '?'),
]);

const mountPoint = struct('container.MountPoint', [
  field('Type', named('mount.Type'), '?'),
  field('Name', stringType, '?'),
  field('Source', stringType),
  field('Destination', stringType),
  field('Driver', stringType, '?'),
  field('Mode', stringType),
  field('RW', boolType),
  field('Propagation', named('mount.Propagation')),
]);

const address = struct('network.Address', [field('Addr', stringType), field('PrefixLen', intType)]);

const endpointAddresses = struct('network.EndpointIPAMConfig', [
  field('IPv4Address', stringType, '?'),
  field('IPv6Address', stringType, '?'),
  field('LinkLocalIPs', stringsType, '?'),
]);

const endpoint = struct('network.EndpointSettings', [
  field('IPAMConfig', pointerTo(endpointAddresses)),
  field('Links', stringsType),
  field('Aliases', stringsType),
  field('MacAddress', stringType),
  field('DriverOpts', stringMap),
  field('GwPriority', intType),
  field('NetworkID', stringType),
  field('EndpointID', stringType),
  field('Gateway', stringType),
  field('IPAddress', stringType),
  field('IPPrefixLen', intType),
  field('IPv6Gateway', stringType),
  field('GlobalIPv6Address', stringType),
  field('GlobalIPv6PrefixLen', intType),
  field('DNSNames', stringsType),
]);

const networkSettings = struct('container.NetworkSettings', [
  embedded(
    'NetworkSettingsBase',
    struct('container.NetworkSettingsBase', [
      field('Bridge', stringType),
      field('SandboxID', stringType),
      field('SandboxKey', stringType),
      field('Ports', portMapType),
      field('HairpinMode', boolType),
      field('LinkLocalIPv6Address', stringType),
      field('LinkLocalIPv6PrefixLen', intType),
      field('SecondaryIPAddresses', sliceOf(address)),
      field('SecondaryIPv6Addresses', sliceOf(address)),
    ]),
  ),
  embedded(
    'DefaultNetworkSettings',
    struct('container.DefaultNetworkSettings', [
      field('EndpointID', stringType),
      field('Gateway', stringType),
      field('GlobalIPv6Address', stringType),
      field('GlobalIPv6PrefixLen', intType),
      field('IPAddress', stringType),
      field('IPPrefixLen', intType),
      field('IPv6Gateway', stringType),
      field('MacAddress', stringType),
    ]),
  ),
  field('Networks', mapOf(pointerTo(endpoint))),
]);

export const containerType = struct('container.InspectResponse', [
  embedded('ContainerJSONBase', pointerTo(base)),
  field('Mounts', sliceOf(mountPoint)),
  field('Config', pointerTo(containerConfigType)),
  field('NetworkSettings', pointerTo(networkSettings)),
  field('ImageManifestDescriptor', pointerTo(descriptorType), '?'),
]);
