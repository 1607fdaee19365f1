import {
  anyType,
  boolType,
  type Field,
  type GoType,
  int64Type,
  intType,
  mapOf,
  pointerTo,
  sliceOf,
  stringsType,
  stringType,
} from '#cli/output/template/value.ts';
import { embedded, field, named, stringMap, struct } from '#cli/output/types/fields.ts';

/* The types behind `docker info --format` and `docker version --format` (Docker 28). */

const platform = struct('struct { Name string }', [field('Name', stringType)]);

const component = struct('types.ComponentVersion', [
  field('Name', stringType),
  field('Version', stringType),
  field('Details', stringMap, '?'),
]);

const serverVersion = struct('types.Version', [
  field('Platform', platform),
  field('Components', sliceOf(component), '?'),
  field('Version', stringType),
  field('APIVersion', stringType, 'ApiVersion'),
  field('MinAPIVersion', stringType, '?'),
  field('GitCommit', stringType),
  field('GoVersion', stringType),
  field('Os', stringType),
  field('Arch', stringType),
  field('KernelVersion', stringType, '?'),
  field('Experimental', boolType, '?'),
  field('BuildTime', stringType, '?'),
]);

const clientVersion = struct('system.clientVersion', [
  field('Platform', pointerTo(platform), '?'),
  field('Version', stringType, '?'),
  field('APIVersion', stringType, 'ApiVersion?'),
  field('DefaultAPIVersion', stringType, 'DefaultAPIVersion?'),
  field('GitCommit', stringType, '?'),
  field('GoVersion', stringType, '?'),
  field('Os', stringType, '?'),
  field('Arch', stringType, '?'),
  field('BuildTime', stringType, '?'),
  field('Context', stringType),
]);

export const versionType = struct('system.versionInfo', [
  field('Client', clientVersion),
  field('Server', pointerTo(serverVersion)),
]);

const commit = struct('system.Commit', [field('ID', stringType), field('Expected', stringType, '?')]);

const plugins = struct('system.PluginsInfo', [
  field('Volume', stringsType),
  field('Network', stringsType),
  field('Authorization', stringsType),
  field('Log', stringsType),
]);

// Docker writes the JSON of these two with its keys sorted.
const index = struct('registry.IndexInfo', [
  field('Mirrors', stringsType),
  field('Name', stringType),
  field('Official', boolType),
  field('Secure', boolType),
]);

const registryConfig = struct('registry.ServiceConfig', [
  field('IndexConfigs', mapOf(pointerTo(index))),
  field('InsecureRegistryCIDRs', stringsType),
  field('Mirrors', stringsType),
]);

const runtime = struct('system.RuntimeWithStatus', [
  embedded(
    'Runtime',
    struct('system.Runtime', [
      field('Path', stringType, 'path?'),
      field('Args', stringsType, 'runtimeArgs?'),
      field('Type', stringType, 'runtimeType?'),
      field('Options', mapOf(anyType), 'options?'),
    ]),
  ),
  field('Status', stringMap, 'status?'),
]);

const swarm = struct('swarm.Info', [
  field('NodeID', stringType),
  field('NodeAddr', stringType),
  field('LocalNodeState', named('swarm.LocalNodeState')),
  field('ControlAvailable', boolType),
  field('Error', stringType),
  field('RemoteManagers', sliceOf(anyType)),
  field('Nodes', intType, '?'),
  field('Managers', intType, '?'),
  field('Cluster', anyType, '?'),
  field('Warnings', stringsType, '?'),
]);

const pool = struct('system.NetworkAddressPool', [field('Base', stringType), field('Size', intType)]);
const firewall = struct('system.FirewallInfo', [
  field('Driver', stringType),
  field('Info', sliceOf(pairType()), '?'),
]);

function pairType(): GoType {
  return { kind: 'slice', name: '[2]string', element: stringType, length: 2 };
}

const strings = (...names: string[]): Field[] => names.map((name) => field(name, stringType));
const integers = (...names: string[]): Field[] => names.map((name) => field(name, intType));
const booleans = (...names: string[]): Field[] => names.map((name) => field(name, boolType));

const serverInfo = struct('system.Info', [
  field('ID', stringType),
  ...integers('Containers', 'ContainersRunning', 'ContainersPaused', 'ContainersStopped', 'Images'),
  field('Driver', stringType),
  field('DriverStatus', sliceOf(pairType())),
  field('SystemStatus', sliceOf(pairType()), '?'),
  field('Plugins', plugins),
  ...booleans('MemoryLimit', 'SwapLimit'),
  field('KernelMemory', boolType, '?'),
  field('KernelMemoryTCP', boolType, '?'),
  field('CPUCfsPeriod', boolType, 'CpuCfsPeriod'),
  field('CPUCfsQuota', boolType, 'CpuCfsQuota'),
  ...booleans('CPUShares', 'CPUSet', 'PidsLimit', 'IPv4Forwarding', 'Debug'),
  field('NFd', intType),
  field('OomKillDisable', boolType),
  field('NGoroutines', intType),
  ...strings('SystemTime', 'LoggingDriver', 'CgroupDriver'),
  field('CgroupVersion', stringType, '?'),
  field('NEventsListener', intType),
  ...strings('KernelVersion', 'OperatingSystem', 'OSVersion', 'OSType', 'Architecture', 'IndexServerAddress'),
  field('RegistryConfig', pointerTo(registryConfig)),
  field('NCPU', intType),
  field('MemTotal', int64Type),
  field('GenericResources', sliceOf(anyType)),
  field('DockerRootDir', stringType),
  field('HTTPProxy', stringType, 'HttpProxy'),
  field('HTTPSProxy', stringType, 'HttpsProxy'),
  ...strings('NoProxy', 'Name'),
  field('Labels', stringsType),
  field('ExperimentalBuild', boolType),
  field('ServerVersion', stringType),
  field('Runtimes', mapOf(runtime)),
  field('DefaultRuntime', stringType),
  field('Swarm', swarm),
  field('LiveRestoreEnabled', boolType),
  field('Isolation', named('container.Isolation')),
  field('InitBinary', stringType),
  field('ContainerdCommit', commit),
  field('RuncCommit', commit),
  field('InitCommit', commit),
  field('SecurityOptions', stringsType),
  field('ProductLicense', stringType, '?'),
  field('DefaultAddressPools', sliceOf(pool), '?'),
  field('FirewallBackend', pointerTo(firewall), '?'),
  field('CDISpecDirs', stringsType),
  field('DiscoveredDevices', sliceOf(anyType), '?'),
  field('Containerd', anyType, '?'),
  field('Warnings', stringsType),
]);

const clientInfo = struct('system.clientInfo', [
  field('Debug', boolType),
  embedded('clientVersion', clientVersion),
  field('Plugins', sliceOf(anyType)),
  field('Warnings', stringsType),
]);

export const infoType = struct('system.dockerInfo', [
  embedded('Info', pointerTo(serverInfo)),
  field('ServerErrors', stringsType, '?'),
  field('ClientInfo', pointerTo(clientInfo), '?'),
  field('ClientErrors', stringsType, '?'),
]);
