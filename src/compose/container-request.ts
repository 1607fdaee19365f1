import { boundServices, dependenciesOf, findService, serviceOfMode } from '#compose/dependencies.ts';
import { dropUndefined } from '#compose/drop-undefined.ts';
import { hashService, hashUsed, type IdOf } from '#compose/hash-service.ts';
import { encodeDependencies, label, labelsVersion } from '#compose/labels.ts';
import type { Service } from '#compose/model/service.ts';
import type { Project } from '#compose/project.ts';
import { type ContainerFile, planMounts } from '#compose/request/mounts.ts';
import { type Attachment, attachmentsOf, portsOf } from '#compose/request/networking.ts';
import { healthOf, resourcesOf, restartPolicyOf, secondsOf } from '#compose/request/resources.ts';
import { securityOptionsOf } from '#compose/request/security-options.ts';
import type { ContainerCreateRequest } from '#wire/containers.ts';

/** A container that is to be made. */
export interface NewContainer {
  readonly name: string;
  readonly service: string;
  /** With the first of `attachments`: daemons before API 1.44 take only one. */
  readonly request: ContainerCreateRequest;
  readonly attachments: readonly Attachment[];
  readonly files: readonly ContainerFile[];
  readonly platform: string | undefined;
  /** Names of the containers whose namespaces it joins or whose volumes it takes, by their services. */
  readonly bound: ReadonlyMap<string, string>;
  /** The digest of the service, where it needs ids of those, which may not be there yet. */
  digest(idOf: IdOf): string;
}

export interface ContainerSettings {
  readonly service: string;
  readonly name: string;
  readonly number: number;
  /** The image as it is now. */
  readonly imageId: string;
  /** Names of anonymous volumes by target, taken over from the container that this one replaces. */
  readonly volumes?: ReadonlyMap<string, string>;
  /** For a container of `run`: it is not one of the service's own. */
  readonly slug?: string;
  /** Whether it answers to the service's name. */
  readonly aliases?: boolean;
  /** Names of the first container of other services. */
  nameOf(service: string): string;
}

/** A name of the project's own, as its containers and images have them. */
export function nameIn({ name, separator }: Project, ...parts: readonly (string | number)[]): string {
  return [name, ...parts].join(separator);
}

/** The name of the image that a service runs; one that is only built is called after it. */
export function imageOf(project: Project, name: string): string {
  return findService(project.services, name).image ?? nameIn(project, name);
}

/** @throws InvalidParameter, Unsupported for what cannot be told to the daemon */
export function newContainer(project: Project, settings: ContainerSettings): NewContainer {
  const service = findService(project.services, settings.service);
  const { nameOf } = settings;
  const mounts = planMounts(project, service, settings.volumes ?? new Map());
  const links = [
    ...(service.links ?? []).map((link) => {
      const [other = '', alias = other] = link.split(':');
      return `${nameOf(other)}:${alias}`;
    }),
    ...(service.external_links ?? []).map((link) => {
      const [container = '', alias = container] = link.split(':');
      return `${container}:${alias}`;
    }),
  ];
  const attachments = attachmentsOf(project, service, {
    aliases: [settings.name, ...(settings.aliases === false ? [] : [settings.service])],
    links,
  });
  const { ExposedPorts, PortBindings } = portsOf(service);
  const [main] = attachments;
  const request: ContainerCreateRequest = {
    ...configOf(service),
    ...dropUndefined({ ExposedPorts }),
    Image: imageOf(project, settings.service),
    Labels: labelsOf(project, service, settings),
    HostConfig: {
      ...hostConfigOf(service),
      ...(service.security_opt === undefined
        ? {}
        : securityOptionsOf(service.security_opt, project.directory)),
      ...resourcesOf(service),
      ...mounts.host,
      ...dropUndefined({
        PortBindings,
        // With endpoints, links are said there.
        Links: main === undefined && links.length > 0 ? links : undefined,
        NetworkMode: main?.network ?? containerMode(service.network_mode, nameOf),
        IpcMode: containerMode(service.ipc, nameOf),
        PidMode: containerMode(service.pid, nameOf),
        VolumesFrom: service.volumes_from?.map((source) => volumeSource(source, nameOf)),
      }),
    },
    ...(main === undefined
      ? {}
      : { NetworkingConfig: { EndpointsConfig: { [main.network]: main.settings } } }),
  };
  const { name, service: key } = settings;
  return {
    name,
    service: key,
    request,
    attachments,
    files: mounts.files,
    platform: service.platform,
    bound: new Map(boundServices(service).map((other) => [other, nameOf(other)])),
    digest: (idOf) => hashService(project, key, idOf),
  };
}

function configOf(service: Service): ContainerCreateRequest {
  const { environment } = service;
  const variables = Object.entries(environment ?? {}).filter(([, value]) => value !== null);
  return dropUndefined({
    Hostname: service.hostname,
    Domainname: service.domainname,
    User: service.user,
    Tty: service.tty,
    OpenStdin: service.stdin_open,
    Env: environment === undefined ? undefined : variables.map(([key, value]) => `${key}=${value}`),
    Cmd: service.command ?? undefined,
    Entrypoint: service.entrypoint ?? undefined,
    Healthcheck: healthOf(service.healthcheck),
    WorkingDir: service.working_dir,
    StopSignal: service.stop_signal,
    StopTimeout: service.stop_grace_period === undefined ? undefined : secondsOf(service.stop_grace_period),
  });
}

function hostConfigOf(service: Service) {
  const { logging } = service;
  return dropUndefined({
    Annotations: service.annotations,
    CapAdd: service.cap_add,
    CapDrop: service.cap_drop,
    CgroupnsMode: service.cgroup,
    Dns: service.dns,
    DnsOptions: service.dns_opt,
    DnsSearch: service.dns_search,
    // The daemon splits at the first colon, so that addresses of IPv6 need no brackets.
    ExtraHosts: service.extra_hosts?.map((entry) => entry.replace('=', ':')),
    GroupAdd: service.group_add,
    Isolation: service.isolation,
    LogConfig:
      logging === undefined ? undefined : dropUndefined({ Type: logging.driver, Config: logging.options }),
    OomScoreAdj: service.oom_score_adj,
    Privileged: service.privileged,
    ReadonlyRootfs: service.read_only,
    RestartPolicy: restartPolicyOf(service),
    Runtime: service.runtime,
    ShmSize: service.shm_size === undefined ? undefined : Number(service.shm_size),
    StorageOpt: service.storage_opt,
    Sysctls: service.sysctls,
    UTSMode: service.uts,
    UsernsMode: service.userns_mode,
  });
}

function labelsOf(project: Project, service: Service, settings: ContainerSettings): Record<string, string> {
  return {
    ...service.labels,
    [label.project]: project.name,
    [label.service]: settings.service,
    [label.number]: String(settings.number),
    [label.oneOff]: settings.slug === undefined ? 'False' : 'True',
    ...(settings.slug === undefined ? {} : { [label.slug]: settings.slug }),
    [label.configHash]: hashService(project, settings.service),
    [label.usedHash]: hashUsed(project, settings.service),
    [label.image]: settings.imageId,
    [label.dependsOn]: encodeDependencies(dependenciesOf(service)),
    [label.directory]: project.directory,
    [label.files]: project.files.join(','),
    [label.version]: labelsVersion,
  };
}

function containerMode(mode: string | undefined, nameOf: (service: string) => string): string | undefined {
  const service = serviceOfMode(mode);
  return service === undefined ? mode : `container:${nameOf(service)}`;
}

/** `SERVICE[:ro]` or `container:NAME[:ro]`. */
function volumeSource(source: string, nameOf: (service: string) => string): string {
  if (source.startsWith('container:')) return source.slice('container:'.length);
  const [service = '', ...mode] = source.split(':');
  return [nameOf(service), ...mode].join(':');
}
