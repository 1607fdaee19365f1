import os from 'node:os';
import path from 'node:path';
import type { Fields } from '#api/decode/fields.ts';
import { parsePort } from '#api/decode/ports.ts';
import type { ContainerSettings } from '#engine/container-settings.ts';
import { DhowError } from '#errors/error.ts';
import type { HealthCheck } from '#image/config.ts';

type PortableSettings = Omit<ContainerSettings, 'host' | 'networks'>;

/** The smallest duration of a health check other than 0, in nanoseconds. */
const shortestCheckNs = 1_000_000;

/** Docker's `Config`: what does not depend on the host. Throws as `decodeContainerCreate`. */
export function decodeContainerConfig(fields: Fields): PortableSettings {
  fields.refuse(['OnBuild'], 'is not supported on a container: it belongs to an image');
  fields.refuse(['Shell'], 'is not supported on a container: it belongs to an image');
  // ArgsEscaped speaks of Windows command lines only and says nothing on Linux.
  const image = fields.text('Image');
  if (image === '') throw new DhowError('InvalidParameter', 'Image must name an image');
  const entrypoint = fields.words('Entrypoint');
  const command = fields.words('Cmd');
  const healthcheck = decodeHealthcheck(fields);
  const stopSignal = decodeStopSignal(fields);
  const stopTimeoutSeconds = fields.optionalInteger('StopTimeout');
  return {
    image,
    ...(entrypoint === undefined ? {} : { entrypoint }),
    ...(command === undefined ? {} : { command }),
    environment: decodeEnvironment(fields),
    workingDirectory: decodeWorkingDirectory(fields),
    user: fields.text('User'),
    hostname: decodeHostname(fields, 'Hostname'),
    domainname: decodeHostname(fields, 'Domainname'),
    labels: fields.textMap('Labels'),
    ...(stopSignal === undefined ? {} : { stopSignal }),
    ...(stopTimeoutSeconds === undefined ? {} : { stopTimeoutSeconds }),
    terminal: fields.flag('Tty'),
    openStdin: fields.flag('OpenStdin'),
    stdinOnce: fields.flag('StdinOnce'),
    attachStdin: fields.flag('AttachStdin'),
    attachStdout: fields.flag('AttachStdout'),
    attachStderr: fields.flag('AttachStderr'),
    exposedPorts: fields.keys('ExposedPorts').map((key) => {
      const { port, protocol } = parsePort(key, fields.nameOf('ExposedPorts'));
      return `${port}/${protocol}`;
    }),
    volumePaths: fields.keys('Volumes').map((target) => checkTarget(target)),
    ...(healthcheck === undefined ? {} : { healthcheck }),
    networkDisabled: fields.flag('NetworkDisabled'),
  };
}

/** A path in the container at which something is mounted. @param refuse makes the error of the reason @throws InvalidParameter */
export function checkTarget(
  target: string,
  refuse = (why: string): DhowError => new DhowError('InvalidParameter', why),
): string {
  if (!path.posix.isAbsolute(target)) {
    throw refuse(`invalid mount path: '${target}' mount path must be absolute`);
  }
  const clean = path.posix.join(target, '.').replace(/(.)\/$/, '$1');
  if (clean === '/') throw refuse("invalid specification: destination can't be '/'");
  return clean;
}

/** An environment entry as Docker takes it: `KEY=value`, or `KEY` to drop what the image has. */
export function decodeEnvironment(fields: Fields): string[] {
  return fields.texts('Env').map((entry) => {
    if (entry === '' || entry.startsWith('=')) {
      throw new DhowError(
        'InvalidParameter',
        `invalid environment variable: ${entry} (${fields.nameOf('Env')})`,
      );
    }
    return entry;
  });
}

function decodeWorkingDirectory(fields: Fields): string {
  const directory = fields.text('WorkingDir');
  if (directory === '') return '';
  if (!path.posix.isAbsolute(directory)) {
    throw new DhowError(
      'InvalidParameter',
      `the working directory '${directory}' is invalid, it needs to be an absolute path`,
    );
  }
  return path.posix.normalize(directory);
}

function decodeHostname(fields: Fields, name: string): string {
  const hostname = fields.text(name);
  // The kernel takes 64 bytes (sethostname(2)).
  if (hostname !== '' && !/^[A-Za-z0-9_]([A-Za-z0-9_.-]{0,63})$/.test(hostname)) {
    throw new DhowError(
      'InvalidParameter',
      `invalid ${fields.nameOf(name)} "${hostname.slice(0, 100)}": at most 64 letters, digits, '.', '-' and '_'`,
    );
  }
  return hostname;
}

function decodeStopSignal(fields: Fields): string | undefined {
  const text = fields.text('StopSignal');
  if (text === '') return undefined;
  const name = text.toUpperCase().replace(/^(SIG)?/, 'SIG');
  const known =
    (/^\d+$/.test(text) && Number(text) >= 1 && Number(text) <= 64) ||
    Object.hasOwn(os.constants.signals, name) ||
    /^SIGRTM(IN(\+\d{1,2})?|AX(-\d{1,2})?)$/.test(name);
  if (!known) throw new DhowError('InvalidParameter', `invalid signal: ${text.slice(0, 60)}`);
  return text;
}

function decodeHealthcheck(fields: Fields): HealthCheck | undefined {
  if (!fields.has('Healthcheck')) return undefined;
  const check = fields.object('Healthcheck');
  const test = check.optionalTexts('Test');
  const first = test?.[0];
  if (first !== undefined && !['', 'NONE', 'CMD', 'CMD-SHELL'].includes(first)) {
    throw new DhowError(
      'InvalidParameter',
      `Unknown type "${first.slice(0, 60)}" in Healthcheck (try "CMD" or "CMD-SHELL")`,
    );
  }
  if (first === 'CMD' && test?.length === 1) {
    throw new DhowError('InvalidParameter', 'Healthcheck.Test must name a command after "CMD"');
  }
  if (first === 'CMD-SHELL' && test?.length !== 2) {
    throw new DhowError('InvalidParameter', 'Healthcheck.Test must have one text after "CMD-SHELL"');
  }
  const retries = check.integer('Retries');
  if (retries < 0) throw new DhowError('InvalidParameter', 'Retries in Healthcheck cannot be negative');
  const result: HealthCheck = test === undefined ? {} : { Test: test };
  for (const name of ['Interval', 'Timeout', 'StartPeriod', 'StartInterval'] as const) {
    const value = check.integer(name);
    if (value !== 0 && value < shortestCheckNs) {
      throw new DhowError('InvalidParameter', `${name} in Healthcheck cannot be less than 1ms`);
    }
    if (value !== 0) result[name] = value;
  }
  if (retries !== 0) result.Retries = retries;
  return result;
}
