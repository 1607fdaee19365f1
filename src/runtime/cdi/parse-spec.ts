import { DhowError } from '#errors/error.ts';
import { type CdiDeviceNode, type DeviceEdits, hookPoints, isCdiName } from '#runtime/device-edits.ts';

/** One description of devices of one kind. Edits are looked at when they are needed: others may be beyond us. */
export interface CdiSpec {
  /** By qualified name. */
  devices: Map<string, () => DeviceEdits>;
  /** What goes with any of them. */
  edits(): DeviceEdits;
}

type Json = Readonly<Record<string, unknown>>;

/**
 * @param isJson otherwise YAML
 * @throws InvalidParameter for what is no CDI description
 */
export async function parseCdiSpec(text: string, isJson: boolean): Promise<CdiSpec> {
  const document = object(isJson ? JSON.parse(text) : await parseYaml(text), 'the description');
  const version = string(document, 'cdiVersion');
  if (!/^v?(0\.[3-9]|1\.\d+)(\.\d+)?$/.test(version)) throw wrong(`cdiVersion "${version}" is not known`);
  const kind = string(document, 'kind');
  const devices = new Map<string, () => DeviceEdits>();
  for (const device of objects(document, 'devices')) {
    const name = `${kind}=${string(device, 'name')}`;
    if (!isCdiName(name)) throw wrong(`"${name}" is no name of a device`);
    if (devices.has(name)) throw wrong(`device "${name}" is there twice`);
    devices.set(name, () => readEdits(device['containerEdits'], name));
  }
  return { devices, edits: () => readEdits(document['containerEdits'], kind) };
}

async function parseYaml(text: string): Promise<unknown> {
  // Loaded when there is something to read by it.
  const { parse } = await import('yaml');
  return parse(text, { maxAliasCount: 100 });
}

const knownEdits = ['env', 'deviceNodes', 'mounts', 'hooks', 'additionalGids'];

function readEdits(value: unknown, name: string): DeviceEdits {
  const edits = object(value ?? {}, 'containerEdits');
  const unknown = Object.keys(edits).find((key) => !knownEdits.includes(key));
  if (unknown !== undefined) {
    throw new DhowError('Unsupported', `CDI device ${name} asks for ${unknown}, which is not supported`);
  }
  return {
    env: strings(edits, 'env'),
    deviceNodes: objects(edits, 'deviceNodes').map(readDeviceNode),
    mounts: objects(edits, 'mounts').map((mount) => ({
      hostPath: string(mount, 'hostPath'),
      containerPath: string(mount, 'containerPath'),
      type: optional(mount, 'type', 'string') ?? '',
      options: strings(mount, 'options'),
    })),
    hooks: objects(edits, 'hooks').map(readHook),
    additionalGids: list(edits, 'additionalGids').map((gid) => {
      if (typeof gid === 'number' && Number.isInteger(gid) && gid >= 0) return gid;
      throw wrong('additionalGids must be numbers');
    }),
  };
}

function readDeviceNode(node: Json): CdiDeviceNode {
  const containerPath = string(node, 'path');
  const type = optional(node, 'type', 'string');
  if (type !== undefined && type !== 'b' && type !== 'c' && type !== 'u') {
    throw new DhowError('Unsupported', `device nodes of type "${type}" are not supported`);
  }
  const numbers = Object.fromEntries(
    ['major', 'minor', 'fileMode', 'uid', 'gid']
      .map((key) => [key, optional(node, key, 'number')])
      .filter(([, value]) => value !== undefined),
  );
  return {
    hostPath: optional(node, 'hostPath', 'string') ?? containerPath,
    containerPath,
    permissions: optional(node, 'permissions', 'string') ?? 'rwm',
    ...(type === undefined ? {} : { type: type === 'b' ? 'b' : 'c' }),
    ...numbers,
  };
}

function readHook(hook: Json): DeviceEdits['hooks'][number] {
  const name = string(hook, 'hookName');
  const point = hookPoints.find((known) => known === name);
  if (point === undefined) throw wrong(`hookName "${name}" is not one of ${hookPoints.join(', ')}`);
  const timeout = optional(hook, 'timeout', 'number');
  return {
    point,
    path: string(hook, 'path'),
    args: strings(hook, 'args'),
    env: strings(hook, 'env'),
    ...(timeout === undefined ? {} : { timeout }),
  };
}

function object(value: unknown, name: string): Json {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Json;
  throw wrong(`${name} must be an object`);
}

function list(parent: Json, key: string): readonly unknown[] {
  const value = parent[key] ?? [];
  if (Array.isArray(value)) return value;
  throw wrong(`${key} must be a list`);
}

function objects(parent: Json, key: string): Json[] {
  return list(parent, key).map((value) => object(value, `each of ${key}`));
}

function strings(parent: Json, key: string): string[] {
  return list(parent, key).map((value) => {
    if (typeof value === 'string') return value;
    throw wrong(`${key} must hold texts`);
  });
}

function string(parent: Json, key: string): string {
  const value = optional(parent, key, 'string');
  if (value) return value;
  throw wrong(`${key} is missing`);
}

interface Kinds {
  string: string;
  number: number;
}

function optional<Kind extends keyof Kinds>(parent: Json, key: string, kind: Kind): Kinds[Kind] | undefined {
  const value = parent[key] ?? undefined;
  if (value === undefined) return undefined;
  if (typeof value !== kind) throw wrong(`${key} must be a ${kind}`);
  return value as Kinds[Kind];
}

function wrong(message: string): DhowError {
  return new DhowError('InvalidParameter', message);
}
