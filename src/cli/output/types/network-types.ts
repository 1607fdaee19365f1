import {
  anyType,
  boolType,
  intType,
  mapOf,
  sliceOf,
  stringsType,
  stringType,
} from '#cli/output/template/value.ts';
import { field, stringMap, struct, timeType } from '#cli/output/types/fields.ts';

/* The types behind `docker network inspect --format` (Docker 28). */

const addressRange = struct('network.IPAMConfig', [
  field('Subnet', stringType, '?'),
  field('IPRange', stringType, '?'),
  field('Gateway', stringType, '?'),
  field('AuxAddress', stringMap, 'AuxiliaryAddresses?'),
]);

const addresses = struct('network.IPAM', [
  field('Driver', stringType),
  field('Options', stringMap),
  field('Config', sliceOf(addressRange)),
]);

const endpoint = struct('network.EndpointResource', [
  field('Name', stringType),
  field('EndpointID', stringType),
  field('MacAddress', stringType),
  field('IPv4Address', stringType),
  field('IPv6Address', stringType),
]);

const task = struct('network.Task', [
  field('Name', stringType),
  field('EndpointID', stringType),
  field('EndpointIP', stringType),
  field('Info', stringMap),
]);

const service = struct('network.ServiceInfo', [
  field('VIP', stringType),
  field('Ports', stringsType),
  field('LocalLBIndex', intType),
  field('Tasks', sliceOf(task)),
]);

export const networkType = struct('network.Inspect', [
  field('Name', stringType),
  field('ID', stringType, 'Id'),
  field('Created', timeType),
  field('Scope', stringType),
  field('Driver', stringType),
  field('EnableIPv4', boolType),
  field('EnableIPv6', boolType),
  field('IPAM', addresses),
  field('Internal', boolType),
  field('Attachable', boolType),
  field('Ingress', boolType),
  field('ConfigFrom', struct('network.ConfigReference', [field('Network', stringType)])),
  field('ConfigOnly', boolType),
  field('Containers', mapOf(endpoint)),
  field('Options', stringMap),
  field('Labels', stringMap),
  field(
    'Peers',
    sliceOf(struct('network.PeerInfo', [field('Name', stringType), field('IP', stringType)])),
    '?',
  ),
  field('Services', mapOf(service), '?'),
]);

/** The type behind `docker volume inspect --format` (Docker 28). */
export const volumeType = struct('volume.Volume', [
  field('ClusterVolume', anyType, '?'),
  field('CreatedAt', stringType, '?'),
  field('Driver', stringType),
  field('Labels', stringMap),
  field('Mountpoint', stringType),
  field('Name', stringType),
  field('Options', stringMap),
  field('Scope', stringType),
  field('Status', mapOf(anyType), '?'),
  field(
    'UsageData',
    {
      kind: 'pointer',
      name: '*volume.UsageData',
      element: struct('volume.UsageData', [
        field('RefCount', { kind: 'int', name: 'int64' }),
        field('Size', { kind: 'int', name: 'int64' }),
      ]),
    },
    '?',
  ),
]);
