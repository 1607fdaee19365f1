import os from 'node:os';
import { encodeState } from '#api/encode/container-state.ts';
import { encodeHostConfig, type HostConfigDefaults } from '#api/encode/host-config.ts';
import { encodeMounts } from '#api/encode/mounts.ts';
import { encodeNetworkSettings } from '#api/encode/network-settings.ts';
import type { ContainerView } from '#engine/containers.ts';
import { chooseAppArmorProfile } from '#runtime/spec.ts';
import type { ContainerConfig } from '#wire/container-config.ts';
import type { ContainerInspect } from '#wire/container-inspect.ts';

/** Answer of `GET /containers/{id}/json`. */
export function encodeContainerInspect(
  view: ContainerView,
  defaults: HostConfigDefaults,
  size?: { writableBytes: number; rootBytes: number },
): ContainerInspect {
  const { paths } = view;
  const [path = '', ...args] = [...view.effective.entrypoint, ...view.effective.command];
  return {
    Id: view.id,
    Created: view.createdAt.toISOString(),
    Path: path,
    Args: args,
    State: encodeState(view.state, view.health),
    Image: view.imageId,
    ResolvConfPath: paths.resolv,
    HostnamePath: paths.hostname,
    HostsPath: paths.hosts,
    LogPath: view.settings.host.logDriver === 'none' ? '' : paths.log,
    Name: `/${view.name}`,
    RestartCount: view.restartCount,
    Driver: defaults.storageDriver,
    Platform: view.platform.split('/')[0] ?? '',
    MountLabel: '',
    ProcessLabel: '',
    AppArmorProfile: chooseAppArmorProfile(view.settings.host.security, defaults.appArmor) ?? '',
    ExecIDs: view.execIds.length > 0 ? view.execIds : null,
    HostConfig: encodeHostConfig(view, defaults),
    GraphDriver: {
      Name: defaults.storageDriver,
      Data: {
        ID: view.id,
        LowerDir: paths.lower.join(':'),
        MergedDir: paths.merged,
        UpperDir: paths.upper,
        WorkDir: paths.work,
      },
    },
    ...(size === undefined ? {} : { SizeRw: size.writableBytes, SizeRootFs: size.rootBytes }),
    Mounts: encodeMounts(view.mounts),
    Config: encodeConfig(view),
    NetworkSettings: encodeNetworkSettings(view),
  };
}

/** What was asked for, completed by the image. */
function encodeConfig(view: ContainerView): ContainerConfig {
  const { settings, effective } = view;
  const { stopSignal, stopTimeoutSeconds } = settings;
  const { healthcheck } = effective;
  return {
    Hostname: hostnameOf(view),
    Domainname: settings.domainname,
    User: effective.user,
    AttachStdin: settings.attachStdin,
    AttachStdout: settings.attachStdout,
    AttachStderr: settings.attachStderr,
    ...(effective.exposedPorts.length > 0 ? { ExposedPorts: asSet(effective.exposedPorts) } : {}),
    Tty: settings.terminal,
    OpenStdin: settings.openStdin,
    StdinOnce: settings.stdinOnce,
    Env: effective.environment,
    Cmd: effective.command.length > 0 ? effective.command : null,
    ...(healthcheck === undefined ? {} : { Healthcheck: healthcheck }),
    Image: settings.image,
    Volumes: effective.volumePaths.length > 0 ? asSet(effective.volumePaths) : null,
    WorkingDir: effective.workingDirectory,
    Entrypoint: effective.entrypoint.length > 0 ? effective.entrypoint : null,
    ...(settings.networkDisabled ? { NetworkDisabled: true } : {}),
    OnBuild: null,
    Labels: effective.labels,
    ...(stopSignal === undefined && effective.stopSignal === 'SIGTERM'
      ? {}
      : { StopSignal: effective.stopSignal }),
    ...(stopTimeoutSeconds === undefined ? {} : { StopTimeout: stopTimeoutSeconds }),
  };
}

function hostnameOf(view: ContainerView): string {
  const { hostname, host } = view.settings;
  if (hostname !== '' || host.networkMode.startsWith('container:')) return hostname;
  return host.networkMode === 'host' || host.utsMode === 'host' ? os.hostname() : view.id.slice(0, 12);
}

function asSet(keys: readonly string[]): Record<string, Record<string, never>> {
  return Object.fromEntries(keys.map((key) => [key, {}]));
}
