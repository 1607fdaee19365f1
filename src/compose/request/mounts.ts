import { dropUndefined } from '#compose/drop-undefined.ts';
import type { Service } from '#compose/model/service.ts';
import type { Project } from '#compose/project.ts';
import { DhowError } from '#errors/error.ts';
import type { HostConfig, Mount } from '#wire/host-config.ts';

type ServiceMount = NonNullable<Service['volumes']>[number];
type FileReference = NonNullable<Service['configs']>[number];

/** A file that is written into the container before it starts. */
export interface ContainerFile {
  /** Absolute, in the container. */
  readonly path: string;
  readonly content: string | { readonly file: string };
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
}

export interface MountPlan {
  readonly host: Pick<HostConfig, 'Binds' | 'Mounts' | 'Tmpfs'>;
  readonly files: readonly ContainerFile[];
}

/**
 * Where a service's volumes, configs and secrets go. Configs and secrets are bind mounts of their files; those whose content is not a
 * file, or whose owner or mode is given, are copied into the container.
 * @param kept names of anonymous volumes by target, from the container that is replaced
 */
export function planMounts(project: Project, service: Service, kept: ReadonlyMap<string, string>): MountPlan {
  const binds: string[] = [];
  const mounts: Mount[] = [];
  const files: ContainerFile[] = [];
  for (const volume of service.volumes ?? []) {
    const bind = bindText(volume);
    if (bind !== undefined) binds.push(bind);
    else mounts.push(readMount(project, volume, kept));
  }
  const mounted = new Set((service.volumes ?? []).map(({ target }) => target));
  for (const [target, name] of kept) {
    // Volumes that the image declares are not in the file.
    if (!mounted.has(target)) mounts.push({ Type: 'volume', Source: name, Target: target });
  }
  for (const kind of ['configs', 'secrets'] as const) {
    for (const reference of service[kind] ?? []) {
      const planned = planFile(project, kind, reference);
      if ('path' in planned) files.push(planned);
      else mounts.push(planned);
    }
  }
  const tmpfs = (service.tmpfs ?? []).map((text) => {
    const [target = '', options = ''] = text.split(/:(.*)/s);
    return [target, options] as const;
  });
  return {
    host: dropUndefined({
      Binds: binds.length > 0 ? binds : undefined,
      Mounts: mounts.length > 0 ? mounts : undefined,
      Tmpfs: tmpfs.length > 0 ? Object.fromEntries(tmpfs) : undefined,
    }),
    files,
  };
}

/** A bind mount whose source is made if it is not there: only this form says that to every daemon. */
function bindText({ type, source, target, read_only: readOnly, bind }: ServiceMount): string | undefined {
  if (type !== 'bind' || bind?.create_host_path === false || source === undefined) return undefined;
  if (bind?.recursive !== undefined) return undefined;
  if (source.includes(':') || target?.includes(':')) return undefined;
  const options = [readOnly ? 'ro' : 'rw', bind?.propagation, bind?.selinux].filter(
    (option) => option !== undefined,
  );
  return `${source}:${target}:${options.join(',')}`;
}

function readMount(project: Project, volume: ServiceMount, kept: ReadonlyMap<string, string>): Mount {
  const { type = 'volume', source, target = '', read_only: readOnly, tmpfs } = volume;
  const common = dropUndefined({
    Type: type,
    Target: target,
    ReadOnly: readOnly,
    Consistency: volume.consistency,
  });
  if (type === 'tmpfs') {
    const options = dropUndefined({
      SizeBytes: tmpfs?.size === undefined ? undefined : Number(tmpfs.size),
      Mode: tmpfs?.mode,
    });
    return { ...common, TmpfsOptions: options };
  }
  if (type === 'volume') {
    const name = source === undefined ? kept.get(target) : project.volumes[source]?.name;
    const options = dropUndefined({
      NoCopy: volume.volume?.nocopy,
      Labels: volume.volume?.labels,
      Subpath: volume.volume?.subpath,
    });
    return { ...common, ...(name === undefined ? {} : { Source: name }), VolumeOptions: options };
  }
  if (source === undefined)
    throw new DhowError('InvalidParameter', `the ${type} mount at ${target} has no source`);
  if (type === 'image') {
    return { ...common, Source: source, ImageOptions: dropUndefined({ Subpath: volume.image?.subpath }) };
  }
  const options = dropUndefined({
    Propagation: volume.bind?.propagation,
    CreateMountpoint: volume.bind?.create_host_path,
    ...recursions[volume.bind?.recursive ?? 'enabled'],
  });
  return { ...common, Source: source, BindOptions: options };
}

/** How mounts within a read-only one are made. */
const recursions = {
  enabled: {},
  disabled: { NonRecursive: true },
  writable: { ReadOnlyNonRecursive: true },
  readonly: { ReadOnlyForceRecursive: true },
} as const;

const defaultDirectory = { configs: '/', secrets: '/run/secrets/' } as const;
const kindName = { configs: 'config', secrets: 'secret' } as const;

function planFile(
  project: Project,
  kind: 'configs' | 'secrets',
  reference: FileReference,
): Mount | ContainerFile {
  const { source = '', target, uid, gid, mode } = reference;
  const definition = project[kind][source];
  const fail = (problem: string) =>
    new DhowError('InvalidParameter', `${kindName[kind]} "${source}" ${problem}`);
  const place = target ?? source;
  const path = place.startsWith('/') ? place : `${defaultDirectory[kind]}${place}`;
  const swarmOnly = (['external', 'driver', 'template_driver'] as const).find(
    (key) => definition?.[key] !== undefined && definition[key] !== false,
  );
  if (swarmOnly !== undefined) {
    throw new DhowError(
      'Unsupported',
      `${kindName[kind]} "${source}" has "${swarmOnly}", which only a swarm has; name a file`,
    );
  }
  const { file, environment } = definition ?? {};
  const own = uid !== undefined || gid !== undefined || mode !== undefined;
  if (file !== undefined && !own) return { Type: 'bind', Source: file, Target: path, ReadOnly: true };
  const inline = definition !== undefined && 'content' in definition ? definition.content : undefined;
  const value = inline ?? (environment === undefined ? undefined : project.variables.get(environment));
  if (environment !== undefined && value === undefined)
    throw fail(`needs the variable ${environment}, which is not set`);
  const content = file === undefined ? value : { file };
  if (content === undefined) throw fail('has neither a file nor content');
  const id = (text: string | undefined) => {
    if (text === undefined || /^\d{1,9}$/.test(text)) return Number(text ?? 0);
    throw fail(`has the owner "${text}", which must be a number`);
  };
  return { path, content, mode: Number.parseInt(mode ?? '0444', 8), uid: id(uid), gid: id(gid) };
}
