import type { Fields } from '#api/decode/fields.ts';
import type { HostSettings } from '#engine/container-settings.ts';
import { DhowError } from '#errors/error.ts';

/** Each mode with the values it knows; `container:` may be followed by a name or id. */
const modes = {
  PidMode: { words: ['', 'private', 'host'], container: true, called: 'PID mode' },
  IpcMode: { words: ['', 'private', 'host', 'shareable', 'none'], container: true, called: 'IPC mode' },
  UTSMode: { words: ['', 'host'], container: false, called: 'UTS mode' },
  CgroupnsMode: { words: ['', 'private', 'host'], container: false, called: 'cgroup namespace mode' },
} as const;

/** @throws InvalidParameter in Docker's words */
export function decodeNamespaceModes(
  fields: Fields,
): Pick<HostSettings, 'pidMode' | 'ipcMode' | 'utsMode' | 'cgroupnsMode'> {
  return {
    pidMode: decodeMode(fields, 'PidMode'),
    ipcMode: decodeMode(fields, 'IpcMode'),
    utsMode: decodeMode(fields, 'UTSMode'),
    cgroupnsMode: decodeMode(fields, 'CgroupnsMode'),
  };
}

function decodeMode(fields: Fields, name: keyof typeof modes): string {
  const { words, container, called } = modes[name];
  const mode = fields.text(name);
  const joins = container && /^container:[^:]+$/.test(mode);
  if (joins || words.some((word) => word === mode)) return mode;
  throw new DhowError('InvalidParameter', `invalid ${called}: ${mode.slice(0, 100)}`);
}
