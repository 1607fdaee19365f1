import { humanBinarySize } from '#cli/output/size.ts';
import type { SystemInfo } from '#wire/system.ts';

/** A daemon's description for people, line by line as Docker prints it. */
export function formatServerInfo(info: SystemInfo): string {
  const lines = [
    ` Containers: ${info.Containers}`,
    `  Running: ${info.ContainersRunning}`,
    `  Paused: ${info.ContainersPaused}`,
    `  Stopped: ${info.ContainersStopped}`,
    ` Images: ${info.Images}`,
    ...filled(' Server Version:', info.ServerVersion),
    ...filled(' Storage Driver:', info.Driver),
    ...(info.DriverStatus ?? []).map(([name, value]) => `  ${name}: ${value}`),
    ...filled(' Logging Driver:', info.LoggingDriver),
    ...filled(' Cgroup Driver:', info.CgroupDriver),
    ...filled(' Cgroup Version:', info.CgroupVersion),
    ...pluginLines(info),
    ...section(' CDI spec directories:', info.CDISpecDirs),
    ...section(
      ' Discovered Devices:',
      info.DiscoveredDevices?.map(({ Source, ID }) => `${Source}: ${ID}`),
    ),
    ...swarmLines(info),
    ...runtimeLines(info),
    ...securityLines(info),
    ...filled(' Kernel Version:', info.KernelVersion),
    ...filled(' Operating System:', info.OperatingSystem),
    ...filled(' OSType:', info.OSType),
    ...filled(' Architecture:', info.Architecture),
    ` CPUs: ${info.NCPU}`,
    ` Total Memory: ${humanBinarySize(info.MemTotal)}`,
    ...filled(' Name:', info.Name),
    ...filled(' ID:', info.ID),
    ` Docker Root Dir: ${info.DockerRootDir}`,
    ` Debug Mode: ${info.Debug}`,
    ...debugLines(info),
    ...filled(' HTTP Proxy:', info.HttpProxy),
    ...filled(' HTTPS Proxy:', info.HttpsProxy),
    ...filled(' No Proxy:', info.NoProxy),
    ...section(' Labels:', info.Labels),
    ` Experimental: ${info.ExperimentalBuild}`,
    ...registryLines(info),
    ` Live Restore Enabled: ${info.LiveRestoreEnabled}`,
    ...poolLines(info),
    ...filled(' Firewall Backend:', info.FirewallBackend?.Driver),
    ...(info.FirewallBackend?.Info ?? []).map(([name, value]) => `  ${name}: ${value}`),
  ];
  return `${lines.join('\n')}\n\n`;
}

function poolLines({ DefaultAddressPools: pools = [] }: SystemInfo): string[] {
  if (pools.length === 0) return [];
  return [' Default Address Pools:', ...pools.map(({ Base, Size }) => `   Base: ${Base}, Size: ${Size}`)];
}

function filled(label: string, value: string | null | undefined): string[] {
  return value ? [`${label} ${value}`] : [];
}

function section(label: string, values: readonly string[] | null | undefined): string[] {
  return values && values.length > 0 ? [label, ...values.map((value) => `  ${value}`)] : [];
}

function pluginLines({ Plugins }: SystemInfo): string[] {
  const join = (names: readonly string[] | null | undefined) => (names ?? []).join(' ');
  return [
    ' Plugins:',
    `  Volume: ${join(Plugins?.Volume)}`,
    `  Network: ${join(Plugins?.Network)}`,
    ...filled('  Authorization:', join(Plugins?.Authorization)),
    `  Log: ${join(Plugins?.Log)}`,
  ];
}

function swarmLines({ Swarm }: SystemInfo): string[] {
  const state = Swarm?.LocalNodeState ?? '';
  const lines = [` Swarm: ${state}`];
  if (Swarm == null || state === 'inactive' || state === 'locked') return lines;
  return [
    ...lines,
    `  NodeID: ${Swarm.NodeID}`,
    ...filled('  Error:', Swarm.Error),
    `  Is Manager: ${Swarm.ControlAvailable}`,
    `  Node Address: ${Swarm.NodeAddr}`,
  ];
}

function runtimeLines(info: SystemInfo): string[] {
  const names = Object.keys(info.Runtimes ?? {});
  const lines =
    names.length === 0 ? [] : [` Runtimes: ${names.join(' ')}`, ` Default Runtime: ${info.DefaultRuntime}`];
  if (info.OSType !== 'linux') return lines;
  return [
    ...lines,
    ` Init Binary: ${info.InitBinary}`,
    ` containerd version: ${info.ContainerdCommit?.ID ?? ''}`,
    ` runc version: ${info.RuncCommit?.ID ?? ''}`,
    ` init version: ${info.InitCommit?.ID ?? ''}`,
  ];
}

/** Options come as `name=seccomp,profile=builtin`, and from very old daemons as a name alone. */
function securityLines({ OSType, SecurityOptions }: SystemInfo): string[] {
  if (OSType !== 'linux' || !SecurityOptions || SecurityOptions.length === 0) return [];
  const lines = SecurityOptions.flatMap((option) => {
    const pairs = option.split(',').map((pair) => pair.split('='));
    const name = pairs.find(([key]) => key === 'name')?.[1] ?? option;
    const profiles = pairs.filter(([key]) => key === 'profile').map(([, value]) => `   Profile: ${value}`);
    return [`  ${name}`, ...profiles];
  });
  return [' Security Options:', ...lines];
}

function debugLines(info: SystemInfo): string[] {
  if (!info.Debug) return [];
  return [
    `  File Descriptors: ${info.NFd}`,
    `  Goroutines: ${info.NGoroutines}`,
    `  System Time: ${info.SystemTime}`,
    `  EventsListeners: ${info.NEventsListener}`,
  ];
}

function registryLines({ RegistryConfig }: SystemInfo): string[] {
  const indexes = Object.values(RegistryConfig?.IndexConfigs ?? {});
  const ranges = RegistryConfig?.InsecureRegistryCIDRs ?? [];
  const insecure = [...indexes.filter(({ Secure }) => !Secure).map(({ Name }) => Name), ...ranges];
  return [
    ...(indexes.length + ranges.length > 0
      ? [' Insecure Registries:', ...insecure.map((name) => `  ${name}`)]
      : []),
    ...section(' Registry Mirrors:', RegistryConfig?.Mirrors),
  ];
}
