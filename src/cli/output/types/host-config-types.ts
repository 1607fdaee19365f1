import {
  boolType,
  type GoType,
  int64Type,
  intType,
  mapOf,
  pointerTo,
  sliceOf,
  stringsType,
  stringType,
  type Value,
} from '#cli/output/template/value.ts';
import {
  boolPointer,
  commandType,
  embedded,
  emptyStruct,
  field,
  fileModeType,
  named,
  stringMap,
  struct,
} from '#cli/output/types/fields.ts';
import { portMapType } from '#cli/output/types/port-types.ts';

const uint16: GoType = { kind: 'int', name: 'uint16' };
const uint64: GoType = { kind: 'int', name: 'uint64' };
const consoleSize: GoType = {
  kind: 'slice',
  name: '[2]uint',
  element: { kind: 'int', name: 'uint' },
  length: 2,
};

const text = (value: Value | undefined): string => (value === undefined ? '' : String(value.data));
const member = (self: Value, name: string): string =>
  self.kind === 'struct' ? text(self.data.get(name)) : '';

const weightDevice: GoType = {
  ...struct('blkiodev.WeightDevice', [field('Path', stringType), field('Weight', uint16)]),
  display: (self) => `${member(self, 'Path')}:${member(self, 'Weight')}`,
};
const throttleDevice: GoType = {
  ...struct('blkiodev.ThrottleDevice', [field('Path', stringType), field('Rate', uint64)]),
  display: (self) => `${member(self, 'Path')}:${member(self, 'Rate')}`,
};
const ulimit: GoType = {
  ...struct('units.Ulimit', [field('Name', stringType), field('Hard', int64Type), field('Soft', int64Type)]),
  display: (self) => `${member(self, 'Name')}=${member(self, 'Soft')}:${member(self, 'Hard')}`,
};
const pointersTo = (type: GoType) => sliceOf(shownLike(type));

/** A pointer that prints as what it points at does. */
function shownLike(type: GoType): GoType {
  const { display } = type;
  if (display === undefined) return pointerTo(type);
  return {
    ...pointerTo(type),
    display: (self) => (self.kind === 'pointer' && self.data !== null ? display(self.data) : '<nil>'),
  };
}

const device = struct('container.DeviceMapping', [
  field('PathOnHost', stringType),
  field('PathInContainer', stringType),
  field('CgroupPermissions', stringType),
]);

const deviceRequest = struct('container.DeviceRequest', [
  field('Driver', stringType),
  field('Count', intType),
  field('DeviceIDs', stringsType),
  field('Capabilities', sliceOf(stringsType)),
  field('Options', stringMap),
]);

const resources = struct('container.Resources', [
  field('CPUShares', int64Type, 'CpuShares'),
  field('Memory', int64Type),
  field('NanoCPUs', int64Type, 'NanoCpus'),
  field('CgroupParent', stringType),
  field('BlkioWeight', uint16),
  field('BlkioWeightDevice', pointersTo(weightDevice)),
  field('BlkioDeviceReadBps', pointersTo(throttleDevice)),
  field('BlkioDeviceWriteBps', pointersTo(throttleDevice)),
  field('BlkioDeviceReadIOps', pointersTo(throttleDevice)),
  field('BlkioDeviceWriteIOps', pointersTo(throttleDevice)),
  field('CPUPeriod', int64Type, 'CpuPeriod'),
  field('CPUQuota', int64Type, 'CpuQuota'),
  field('CPURealtimePeriod', int64Type, 'CpuRealtimePeriod'),
  field('CPURealtimeRuntime', int64Type, 'CpuRealtimeRuntime'),
  field('CpusetCpus', stringType),
  field('CpusetMems', stringType),
  field('Devices', sliceOf(device)),
  field('DeviceCgroupRules', stringsType),
  field('DeviceRequests', sliceOf(deviceRequest)),
  field('KernelMemory', int64Type, '?'),
  field('KernelMemoryTCP', int64Type, '?'),
  field('MemoryReservation', int64Type),
  field('MemorySwap', int64Type),
  field('MemorySwappiness', pointerTo(int64Type)),
  field('OomKillDisable', boolPointer),
  field('PidsLimit', pointerTo(int64Type)),
  field('Ulimits', pointersTo(ulimit)),
  field('CPUCount', int64Type, 'CpuCount'),
  field('CPUPercent', int64Type, 'CpuPercent'),
  field('IOMaximumIOps', uint64),
  field('IOMaximumBandwidth', uint64),
]);

const bindOptions = struct('mount.BindOptions', [
  field('Propagation', named('mount.Propagation'), '?'),
  field('NonRecursive', boolType, '?'),
  field('CreateMountpoint', boolType, '?'),
  field('ReadOnlyNonRecursive', boolType, '?'),
  field('ReadOnlyForceRecursive', boolType, '?'),
]);

const volumeDriver = struct('mount.Driver', [
  field('Name', stringType, '?'),
  field('Options', stringMap, '?'),
]);

const volumeOptions = struct('mount.VolumeOptions', [
  field('NoCopy', boolType, '?'),
  field('Labels', stringMap, '?'),
  field('Subpath', stringType, '?'),
  field('DriverConfig', pointerTo(volumeDriver), '?'),
]);

const tmpfsOptions = struct('mount.TmpfsOptions', [
  field('SizeBytes', int64Type, '?'),
  field('Mode', fileModeType, '?'),
  field('Options', sliceOf(stringsType), '?'),
]);

const mount = struct('mount.Mount', [
  field('Type', named('mount.Type'), '?'),
  field('Source', stringType, '?'),
  field('Target', stringType, '?'),
  field('ReadOnly', boolType, '?'),
  field('Consistency', named('mount.Consistency'), '?'),
  field('BindOptions', pointerTo(bindOptions), '?'),
  field('VolumeOptions', pointerTo(volumeOptions), '?'),
  field('ImageOptions', pointerTo(struct('mount.ImageOptions', [field('Subpath', stringType, '?')])), '?'),
  field('TmpfsOptions', pointerTo(tmpfsOptions), '?'),
  field('ClusterOptions', pointerTo({ ...emptyStruct, name: 'mount.ClusterOptions' }), '?'),
]);

const isContainer = (value: string): boolean => value.startsWith('container:');
const isHost = (value: string): boolean => value === 'host';

const networkMode = named('container.NetworkMode', {
  IsBridge: (value) => value === 'bridge',
  IsHost: isHost,
  IsNone: (value) => value === 'none',
  IsDefault: (value) => value === 'default',
  IsContainer: isContainer,
  IsPrivate: (value) => !isHost(value) && !isContainer(value),
  IsUserDefined: (value) => !['default', 'bridge', 'host', 'none'].includes(value) && !isContainer(value),
});

const restartPolicy = struct('container.RestartPolicy', [
  field('Name', named('container.RestartPolicyMode')),
  field('MaximumRetryCount', intType),
]);

export const hostConfigType = struct('container.HostConfig', [
  field('Binds', stringsType),
  field('ContainerIDFile', stringType),
  field('LogConfig', struct('container.LogConfig', [field('Type', stringType), field('Config', stringMap)])),
  field('NetworkMode', networkMode),
  field('PortBindings', portMapType),
  field('RestartPolicy', restartPolicy),
  field('AutoRemove', boolType),
  field('VolumeDriver', stringType),
  field('VolumesFrom', stringsType),
  field('ConsoleSize', consoleSize),
  field('Annotations', mapOf(stringType), '?'),
  field('CapAdd', commandType),
  field('CapDrop', commandType),
  field('CgroupnsMode', named('container.CgroupnsMode')),
  field('DNS', stringsType, 'Dns'),
  field('DNSOptions', stringsType, 'DnsOptions'),
  field('DNSSearch', stringsType, 'DnsSearch'),
  field('ExtraHosts', stringsType),
  field('GroupAdd', stringsType),
  field('IpcMode', named('container.IpcMode', { IsHost: isHost, IsContainer: isContainer })),
  field('Cgroup', named('container.CgroupSpec')),
  field('Links', stringsType),
  field('OomScoreAdj', intType),
  field('PidMode', named('container.PidMode', { IsHost: isHost, IsContainer: isContainer })),
  field('Privileged', boolType),
  field('PublishAllPorts', boolType),
  field('ReadonlyRootfs', boolType),
  field('SecurityOpt', stringsType),
  field('StorageOpt', stringMap, '?'),
  field('Tmpfs', stringMap, '?'),
  field('UTSMode', named('container.UTSMode', { IsHost: isHost })),
  field('UsernsMode', named('container.UsernsMode', { IsHost: isHost })),
  field('ShmSize', int64Type),
  field('Sysctls', stringMap, '?'),
  field('Runtime', stringType, '?'),
  field('Isolation', named('container.Isolation')),
  embedded('Resources', resources),
  field('Mounts', sliceOf(mount), '?'),
  field('MaskedPaths', stringsType),
  field('ReadonlyPaths', stringsType),
  field('Init', boolPointer, '?'),
]);
