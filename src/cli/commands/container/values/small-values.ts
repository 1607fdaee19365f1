import { isIP } from 'node:net';
import { DhowError } from '#errors/error.ts';
import type { DeviceMapping, RestartPolicy, Ulimit } from '#wire/host-config.ts';
import { ulimitNames } from '#wire/ulimits.ts';

/** `name=soft[:hard]`; -1 is unlimited. */
export function parseUlimit(text: string): Ulimit {
  const match = /^([^=]+)=(-?\d+)(?::(-?\d+))?$/.exec(text);
  if (match === null) throw new DhowError('InvalidParameter', `invalid ulimit argument: ${text}`);
  const [, name = '', softText = '', hardText = softText] = match;
  if (!ulimitNames.includes(name)) throw new DhowError('InvalidParameter', `invalid ulimit type: ${name}`);
  const [soft, hard] = [Number(softText), Number(hardText)];
  if (soft < -1 || hard < -1) throw new DhowError('InvalidParameter', `invalid ulimit argument: ${text}`);
  if (hard !== -1 && (soft === -1 || soft > hard)) {
    throw new DhowError(
      'InvalidParameter',
      `ulimit soft limit must be less than or equal to hard limit: ${soft} > ${hard}`,
    );
  }
  return { Name: name, Soft: soft, Hard: hard };
}

/** `host[:container][:permissions]`; the permissions are any of `rwm`. */
export function parseDevice(text: string): DeviceMapping {
  const [host = '', second, third, ...more] = text.split(':');
  const isMode = (part: string | undefined) => part !== undefined && /^[rwm]{1,3}$/.test(part);
  if (more.length > 0 || host === '') {
    throw new DhowError('InvalidParameter', `invalid device specification: ${text}`);
  }
  if (third !== undefined && !isMode(third))
    throw new DhowError('InvalidParameter', `invalid device mode: ${third}`);
  const container = second === undefined || (third === undefined && isMode(second)) ? host : second;
  const permissions = third ?? (isMode(second) ? second : undefined) ?? 'rwm';
  if (!host.startsWith('/')) throw new DhowError('InvalidParameter', `${host} is not an absolute path`);
  if (!container.startsWith('/'))
    throw new DhowError('InvalidParameter', `${container} is not an absolute path`);
  return { PathOnHost: host, PathInContainer: container, CgroupPermissions: permissions };
}

/** `no`, `always`, `unless-stopped`, `on-failure[:n]`. */
export function parseRestartPolicy(text: string): RestartPolicy {
  const [name = '', count, ...more] = text.split(':');
  if (name === '')
    throw new DhowError('InvalidParameter', 'invalid restart policy format: no policy provided before colon');
  if (!['no', 'always', 'unless-stopped', 'on-failure'].includes(name)) {
    throw new DhowError(
      'InvalidParameter',
      `invalid restart policy: unknown policy '${name}'; use one of 'no', 'always', 'on-failure', or 'unless-stopped'`,
    );
  }
  if (count === undefined) return { Name: name, MaximumRetryCount: 0 };
  if (!/^\d{1,9}$/.test(count) || more.length > 0) {
    throw new DhowError(
      'InvalidParameter',
      'invalid restart policy format: maximum retry count must be an integer',
    );
  }
  if (name !== 'on-failure' && Number(count) > 0) {
    throw new DhowError(
      'InvalidParameter',
      `invalid restart policy: maximum retry count can only be used with 'on-failure'`,
    );
  }
  return { Name: name, MaximumRetryCount: Number(count) };
}

/** `name:address` or `name=address`; the address may be in brackets or `host-gateway`. Gives `name:address`. */
export function parseExtraHost(text: string): string {
  const match = /^([^=:]+)[=:](.+)$/.exec(text);
  const [, name = '', given = ''] = match ?? [];
  const address = /^\[.*\]$/.test(given) ? given.slice(1, -1) : given;
  if (match === null) throw new DhowError('InvalidParameter', `bad format for add-host: "${text}"`);
  if (address !== 'host-gateway' && isIP(address) === 0) {
    throw new DhowError('InvalidParameter', `invalid IP address in add-host: "${given}"`);
  }
  return `${name}:${address}`;
}

/** `--attach`: a stream's name, in any case. */
export function parseAttach(text: string): 'stdin' | 'stdout' | 'stderr' {
  const name = text.toLowerCase();
  if (name === 'stdin' || name === 'stdout' || name === 'stderr') return name;
  throw new DhowError('InvalidParameter', 'valid streams are STDIN, STDOUT and STDERR');
}

/** An address, for `--dns`. */
export function parseAddress(text: string): string {
  if (isIP(text) === 0)
    throw new DhowError('InvalidParameter', `IP address is not correctly formatted: ${text}`);
  return text;
}

/** One of a closed set of words. */
export function oneOf(...words: readonly string[]): (text: string) => string {
  return (text) => {
    if (words.includes(text)) return text;
    throw new DhowError('InvalidParameter', `must be one of ${words.map((word) => `"${word}"`).join(', ')}`);
  };
}
