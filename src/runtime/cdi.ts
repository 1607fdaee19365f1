import fs from 'node:fs/promises';
import path from 'node:path';
import { DhowError, messageOf } from '#errors/error.ts';
import { type CdiSpec, parseCdiSpec } from '#runtime/cdi/parse-spec.ts';
import type { DeviceEdits } from '#runtime/device-edits.ts';
import { hasCode } from '#sys/libc.ts';

/** Names of all devices that are described in these directories. */
export async function listCdiDevices(directories: readonly string[]): Promise<string[]> {
  return [...(await readSpecs(directories)).devices.keys()].sort();
}

/**
 * Reads what is described in these directories, the later going before the earlier, and joins what the named devices change. Descriptions
 * are read each time: drivers write them anew as devices come and go.
 * @throws InvalidParameter for devices that are not described, described twice, or in a way that is wrong; Unsupported for an edit that
 *   Dhow does not do
 */
export async function readDeviceEdits(
  directories: readonly string[],
  names: readonly string[],
): Promise<DeviceEdits> {
  const { devices, problems } = await readSpecs(directories);
  const missing = names.filter((name) => !devices.has(name));
  if (missing.length > 0) {
    const causes = problems.map((problem) => `; ${problem}`).join('');
    throw new DhowError(
      'InvalidParameter',
      `CDI device injection failed: unresolvable CDI devices ${missing.join(', ')} (looked in ${directories.join(', ')}${causes})`,
    );
  }
  const specs = new Set<CdiSpec>();
  const all: DeviceEdits[] = [];
  for (const name of new Set(names)) {
    const { spec, file } = devices.get(name) ?? {};
    const device = spec?.devices.get(name);
    if (spec === undefined || device === undefined) {
      throw new DhowError('InvalidParameter', `CDI device ${name} is described more than once, in ${file}`);
    }
    // What all devices of a description need comes once, and first.
    if (!specs.has(spec)) all.push(spec.edits());
    specs.add(spec);
    all.push(device());
  }
  return {
    env: all.flatMap(({ env }) => env),
    deviceNodes: all.flatMap(({ deviceNodes }) => deviceNodes),
    mounts: all.flatMap(({ mounts }) => mounts),
    hooks: all.flatMap(({ hooks }) => hooks),
    additionalGids: all.flatMap(({ additionalGids }) => additionalGids),
  };
}

interface FoundDevices {
  /** Without `spec` a device is described twice at the same rank. */
  devices: Map<string, { spec?: CdiSpec; file: string; rank: number }>;
  /** Files that cannot be read. */
  problems: string[];
}

async function readSpecs(directories: readonly string[]): Promise<FoundDevices> {
  const devices: FoundDevices['devices'] = new Map();
  const problems: string[] = [];
  for (const [rank, directory] of directories.entries()) {
    for (const file of await listFiles(directory)) {
      try {
        const spec = await parseCdiSpec(await fs.readFile(file, 'utf8'), file.endsWith('.json'));
        for (const name of spec.devices.keys()) {
          const known = devices.get(name);
          if (known?.rank === rank) devices.set(name, { file: `${known.file} and ${file}`, rank });
          else devices.set(name, { spec, file, rank });
        }
      } catch (error) {
        problems.push(`${file}: ${messageOf(error)}`);
      }
    }
  }
  return { devices, problems };
}

async function listFiles(directory: string): Promise<string[]> {
  try {
    const names = await fs.readdir(directory);
    return names
      .filter((name) => /\.(json|yaml)$/.test(name))
      .sort()
      .map((name) => path.join(directory, name));
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return [];
    throw error;
  }
}
