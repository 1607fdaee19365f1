import { parseBind } from '#api/decode/binds.ts';
import { checkTarget } from '#api/decode/container-config.ts';
import type { Fields } from '#api/decode/fields.ts';
import { decodeMount } from '#api/decode/mount.ts';
import { checkTmpfsOptions } from '#api/decode/tmpfs-options.ts';
import type { HostSettings } from '#engine/container-settings.ts';
import { DhowError } from '#errors/error.ts';

/**
 * `Binds`, `Mounts`, `Tmpfs` and `VolumesFrom`. No two may have one target, but for those of other containers.
 * @throws InvalidParameter, Unsupported
 */
export function decodeMounts(
  fields: Fields,
): Pick<HostSettings, 'binds' | 'mounts' | 'tmpfs' | 'volumesFrom'> {
  const binds = fields.texts('Binds');
  const mounts = [...binds.map(parseBind), ...fields.objects('Mounts').map(decodeMount)];
  const tmpfs: Record<string, string> = {};
  for (const [target, options] of Object.entries(fields.textMap('Tmpfs'))) {
    tmpfs[checkTarget(target)] = checkTmpfsOptions(options);
  }
  const seen = new Set<string>();
  for (const target of [...mounts.map((mount) => mount.target), ...Object.keys(tmpfs)]) {
    if (seen.has(target)) throw new DhowError('InvalidParameter', `Duplicate mount point: ${target}`);
    seen.add(target);
  }
  return { binds, mounts, tmpfs, volumesFrom: decodeVolumesFrom(fields) };
}

function decodeVolumesFrom(fields: Fields): string[] {
  return fields.texts('VolumesFrom').map((text) => {
    if (/^[^:]/.test(text)) return text;
    if (text === '') {
      throw new DhowError('InvalidParameter', 'volumes-from specification cannot be an empty string');
    }
    throw new DhowError('InvalidParameter', `invalid volumes-from specification: '${text.slice(0, 100)}'`);
  });
}
