import type { ContainerSettings } from '#engine/container-settings.ts';
import { mergeHealthCheck } from '#engine/containers/health/merge-health-check.ts';
import type { EffectiveProcess } from '#engine/containers.ts';
import { DhowError } from '#errors/error.ts';
import type { ImageRunConfig } from '#image/config.ts';

const defaultPath = 'PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

/**
 * What the container runs: the image's defaults under the user's settings, by Docker's rules. A given entrypoint drops the
 * image's command; environment (the user's first, as inspect shows it) and labels are merged by key; ports and volumes are united.
 * @throws InvalidParameter when there is nothing to run
 */
export function mergeConfig(image: ImageRunConfig, settings: ContainerSettings): EffectiveProcess {
  const entrypointGiven = settings.entrypoint !== undefined && settings.entrypoint.length > 0;
  // `--entrypoint ""` arrives as [""]: it clears the image's entrypoint.
  const entrypoint = (settings.entrypoint ?? image.Entrypoint ?? []).filter(
    (word, index) => index > 0 || word !== '',
  );
  const imageCommand = entrypointGiven ? [] : (image.Cmd ?? []);
  const command = settings.command && settings.command.length > 0 ? settings.command : imageCommand;
  if (entrypoint.length + command.length === 0) {
    throw new DhowError(
      'InvalidParameter',
      `no command specified: neither the image "${settings.image}" nor the request names a program to run`,
    );
  }
  const given = new Set(settings.environment.map(keyOf));
  const stopTimeoutSeconds = settings.stopTimeoutSeconds;
  const healthcheck = mergeHealthCheck(image.Healthcheck, settings.healthcheck);
  return {
    entrypoint,
    command,
    environment: [
      ...mergeEnvironment([], settings.environment),
      ...mergeEnvironment(withPath(image.Env ?? []), []).filter((entry) => !given.has(keyOf(entry))),
    ],
    workingDirectory: settings.workingDirectory || image.WorkingDir || '',
    user: settings.user || image.User || '',
    exposedPorts: union(Object.keys(image.ExposedPorts ?? {}).map(withProtocol), settings.exposedPorts),
    volumePaths: union(Object.keys(image.Volumes ?? {}), settings.volumePaths),
    labels: { ...image.Labels, ...settings.labels },
    stopSignal: settings.stopSignal || image.StopSignal || 'SIGTERM',
    ...(stopTimeoutSeconds === undefined ? {} : { stopTimeoutSeconds }),
    ...(healthcheck === undefined ? {} : { healthcheck }),
    ...(image.Shell === undefined ? {} : { shell: image.Shell }),
  };
}

/** An image without a PATH gets Docker's. */
function withPath(environment: readonly string[]): readonly string[] {
  return environment.some((entry) => keyOf(entry) === 'PATH') ? environment : [defaultPath, ...environment];
}

/** Later values win; the order of first appearance is kept. `KEY` without `=` in `added` removes the key, as in Docker. */
export function mergeEnvironment(base: readonly string[], added: readonly string[]): string[] {
  const byKey = new Map<string, string>();
  for (const entry of base) byKey.set(keyOf(entry), entry);
  for (const entry of added) {
    if (entry.includes('=')) byKey.set(keyOf(entry), entry);
    else byKey.delete(entry);
  }
  return [...byKey.values()];
}

function keyOf(entry: string): string {
  const equals = entry.indexOf('=');
  return equals === -1 ? entry : entry.slice(0, equals);
}

function withProtocol(port: string): string {
  return port.includes('/') ? port : `${port}/tcp`;
}

function union(first: readonly string[], second: readonly string[]): string[] {
  return [...new Set([...first, ...second])];
}
