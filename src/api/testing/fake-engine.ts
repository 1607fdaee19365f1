import type { ImageRecord, VolumeRecord } from '#api/engine-values.ts';
import { createFakeContainers } from '#api/testing/fake-containers.ts';
import { Queue } from '#api/testing/queue.ts';
import type { BuildService } from '#engine/builds.ts';
import type { Engine } from '#engine/engine.ts';
import type { EngineEvent, EventService } from '#engine/events.ts';
import type { ContainerFiles, FileStatus } from '#engine/files.ts';
import type { ImageService, PullProgress } from '#engine/images.ts';
import type { ContainerMonitor } from '#engine/monitor.ts';
import type { RegistryService } from '#engine/registries.ts';
import type { SystemService } from '#engine/system.ts';
import { DhowError } from '#errors/error.ts';
import { digestOf, parseDigest } from '#image/digest.ts';
import {
  canonicalTag,
  familiarName,
  formatReference,
  parseReference,
  withDefaultTag,
} from '#image/reference.ts';

/** An engine in memory with one image, `busybox`. Pulling anything but `docker.io/library/pulled` fails. */
export function createFakeEngine(): Engine {
  const events = createFakeEvents();
  const images = createFakeImages();
  const volumes = createFakeVolumes();
  return {
    containers: createFakeContainers({ images, events }),
    images,
    registries: createFakeRegistries(),
    storeCheck: { run: async () => [] },
    monitor: createFakeMonitor(),
    files: createFakeFiles(),
    diskUsage: {
      measure: async () => ({ containers: [], volumes: [] }),
      sharedBytesOfImages: () => new Map(),
    },
    builds: createFakeBuilds(),
    commits: { commit: async () => images.list()[0] ?? fakeImage('docker.io/library/committed:latest') },
    events,
    volumes,
    networks: createFakeNetworks(),
    system: fakeSystem,
  };
}

/** A build of three steps; the argument `fail` makes the second one end with that code. */
function createFakeBuilds(): BuildService {
  return {
    async build({ onEvent, buildArgs, tags, context }) {
      if (context !== undefined && 'archive' in context) for await (const _chunk of context.archive);
      const at = new Date(0);
      const titles = ['FROM busybox', 'RUN make', 'CMD ["a"]'];
      onEvent({
        type: 'plan',
        steps: titles.map((title, id) => ({ id, stage: '0', position: id + 1, count: 3, title })),
      });
      onEvent({ type: 'started', step: 0, at });
      onEvent({ type: 'done', step: 0, at, cached: true });
      onEvent({ type: 'started', step: 2, at });
      onEvent({ type: 'done', step: 2, at, cached: true });
      onEvent({ type: 'started', step: 1, at });
      onEvent({ type: 'log', step: 1, stream: 'stdout', bytes: Buffer.from('making\n') });
      const exitCode = Number(buildArgs.get('fail') ?? 0);
      if (exitCode !== 0) {
        onEvent({ type: 'failed', step: 1, at, message: 'it failed', exitCode });
        throw new DhowError('InvalidParameter', 'it failed');
      }
      onEvent({ type: 'done', step: 1, at, cached: false });
      const id = digestOf('built');
      const names = tags.map((tag) => familiarName(withDefaultTag(tag)));
      const images = [{ id, platform: 'linux/amd64' }];
      onEvent({ type: 'image', id, tags: names, images });
      return { id, tags: names, images };
    },
    withFiles: (_name, use) => use({ root: '/nonexistent', archive: emptyArchive }),
    prune: async () => ({ removed: ['sha256:1'], freedBytes: 7 }),
    cache: () => [],
  };
}

async function* emptyArchive(): AsyncGenerator<Uint8Array> {}

function createFakeFiles(): ContainerFiles {
  const status: FileStatus = {
    name: 'file',
    mode: 0o100644,
    uid: 0,
    gid: 0,
    sizeBytes: 7,
    modifiedAt: { seconds: 0, nanoseconds: 5 },
    linkTarget: '',
    resolved: 'file',
  };
  async function* archive(): AsyncGenerator<Uint8Array> {
    yield Buffer.from('archive');
  }
  return {
    stat: async () => status,
    read: async () => ({ status, archive: archive() }),
    async write(_container, _path, source) {
      for await (const _piece of source);
    },
    exportRoot: archive,
    changes: async () => [{ path: '/file', kind: 'added' }],
  };
}

function createFakeMonitor(): ContainerMonitor {
  return {
    top: async () => ({ titles: ['PID', 'CMD'], processes: [['1', 'sh']] }),
    async *stats(name) {
      yield { id: name, name, cgroupVersion: 2, usage: undefined, previous: undefined };
    },
  };
}

function createFakeEvents(): EventService {
  const watchers = new Set<Queue<EngineEvent>>();
  const past: EngineEvent[] = [];
  return {
    emit(event) {
      const complete = { ...event, time: new Date() };
      past.push(complete);
      for (const watcher of watchers) watcher.push(complete);
    },
    async *watch({ since, until, signal }) {
      const queue = new Queue<EngineEvent>();
      watchers.add(queue);
      if (since) for (const event of past) queue.push(event);
      if (until) queue.end();
      signal.addEventListener('abort', () => queue.end(), { once: true });
      try {
        yield* queue;
      } finally {
        watchers.delete(queue);
      }
    },
  };
}

function createFakeRegistries(): RegistryService {
  const descriptor = {
    mediaType: 'application/vnd.oci.image.index.v1+json',
    digest: parseDigest(`sha256:${'1'.repeat(64)}`),
    size: 2,
  };
  return {
    async login(_address, credentials) {
      if (credentials.kind === 'password' && credentials.password === 'right') return {};
      throw new DhowError('Unauthorized', 'unauthorized: incorrect username or password');
    },
    search: async (term) => [
      { name: term, description: 'found', stars: 7, isOfficial: true },
      { name: `other/${term}`, description: '', stars: 1, isOfficial: false },
    ],
    describe: async () => ({ descriptor, platforms: [{ os: 'linux', architecture: 'amd64' }] }),
    manifest: async () => ({ descriptor, bytes: Buffer.from('{}') }),
    pushIndex: async () => descriptor.digest,
  };
}

function createFakeImages(): ImageService {
  const images: ImageRecord[] = [fakeImage('docker.io/library/busybox:latest')];

  function find(name: string): ImageRecord | undefined {
    const byId = images.find(({ id }) => id === name || id.slice('sha256:'.length).startsWith(name));
    return (
      byId ?? images.find(({ tags }) => tags.includes(canonicalTag(withDefaultTag(parseReference(name)))))
    );
  }

  return {
    find,
    get(name) {
      const image = find(name);
      if (image) return image;
      throw new DhowError('NotFound', `No such image: ${name}`, { reason: 'image-not-found' });
    },
    list: () => [...images],
    variantsOf: async () => [],
    usersOf: () => [],
    history: () => [],
    async tag(source, target) {
      find(source)?.tags.push(formatReference(withDefaultTag(parseReference(target))));
    },
    async remove(name) {
      const image = this.get(name);
      images.splice(images.indexOf(image), 1);
      return [...image.tags.map((untagged) => ({ untagged })), { deleted: image.id }];
    },
    async prune() {
      return { removed: [], freedBytes: 0 };
    },
    async pull(reference, { onProgress }) {
      const { repository, tag } = parseReference(reference);
      onProgress({ phase: 'resolving', repository: 'pulled', tag: tag ?? '' });
      if (repository !== 'library/pulled') {
        throw new DhowError('NotFound', `pull access denied for ${reference}, repository does not exist`, {
          reason: 'image-not-found',
        });
      }
      for (const progress of fakeLayerProgress) onProgress(progress);
      if (tag === 'broken') throw new DhowError('DataLoss', 'layer is damaged');
      const image = fakeImage(canonicalTag(parseReference(reference)));
      images.push(image);
      onProgress({ phase: 'done', reference: `pulled:${tag}`, upToDate: false });
      return image;
    },
    async load(tar) {
      for await (const _chunk of tar);
      return [{ image: this.get('busybox'), names: ['docker.io/library/busybox:latest'] }];
    },
    async pullAll(name, options) {
      await this.pull(`${name}:latest`, options);
    },
    async push(name, { onProgress }) {
      onProgress({ phase: 'repository', repository: name });
    },
    async *save(names) {
      for (const name of names) yield Buffer.from(`archive of ${name}\n`);
    },
    addLayer: async () => fakeImage('docker.io/library/layered:latest'),
    async import(source) {
      if (!(source instanceof URL)) for await (const _chunk of source);
      return this.get('busybox');
    },
  };
}

const layer = 'sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef';
const fakeLayerProgress: PullProgress[] = [
  { phase: 'waiting', layer },
  { phase: 'downloading', layer, current: 1, total: 2 },
  { phase: 'verifying', layer },
  { phase: 'downloaded', layer },
  { phase: 'unpacking', layer, current: 2, total: 2 },
  { phase: 'complete', layer },
  { phase: 'exists', layer: 'fedcba987654' },
  { phase: 'digest', digest: layer },
];

export function fakeImage(tag: string): ImageRecord {
  return {
    id: digestOf(tag),
    config: {
      created: '2026-01-02T03:04:05Z',
      architecture: 'amd64',
      os: 'linux',
      config: { Cmd: ['sh'], Labels: { origin: 'fake' } },
      rootfs: { type: 'layers', diff_ids: [digestOf('layer')] },
    },
    tags: [tag],
    repoDigests: [`${tag.replace(/:[^:/]+$/, '')}@${digestOf('manifest')}`],
    sizeBytes: 4_000_000,
    addedAt: new Date('2026-02-03T04:05:06Z'),
  };
}

function createFakeVolumes(): Engine['volumes'] {
  const volumes = new Map<string, VolumeRecord>();
  function get(name: string): VolumeRecord {
    const volume = volumes.get(name);
    if (volume) return volume;
    throw new DhowError('NotFound', `get ${name}: no such volume`);
  }
  function unused(): never {
    throw new DhowError('Internal', 'no test of the door asks for this');
  }
  return {
    async create({ name = 'anonymous', labels = {}, options = {}, anonymous = false }) {
      const volume = {
        ...{ name, labels, options, anonymous },
        mountpoint: `/fake/${name}`,
        createdAt: new Date(0),
      };
      volumes.set(name, volume);
      return volume;
    },
    get,
    find: (name) => volumes.get(name),
    list: () => [...volumes.values()],
    usersOf: () => [],
    writersOf: () => [],
    async remove(name) {
      get(name);
      volumes.delete(name);
    },
    prune: async () => ({ removed: [], freedBytes: 0 }),
    rename: unused,
    clone: unused,
    export: unused,
    import: unused,
  };
}

function createFakeNetworks(): Engine['networks'] {
  const bridge = {
    id: 'b'.repeat(64),
    name: 'bridge',
    driver: 'bridge' as const,
    createdAt: new Date(0),
    interfaceName: 'dhow0',
    pools: [{ subnet: '10.88.0.0/24', gateway: '10.88.0.1', auxiliary: {} }],
    internal: false,
    attachable: false,
    options: {},
    labels: {},
  };
  function get(nameOrId: string) {
    if (nameOrId === 'bridge' || bridge.id.startsWith(nameOrId)) return bridge;
    throw new DhowError('NotFound', `network ${nameOrId} not found`);
  }
  function unused(): never {
    throw new DhowError('Internal', 'the door does not use this');
  }
  return {
    list: () => [bridge],
    get,
    membersOf: () => [],
    create: unused,
    async remove(nameOrId) {
      throw new DhowError(
        'Forbidden',
        `${get(nameOrId).name} is a pre-defined network and cannot be removed`,
      );
    },
    prune: async () => [],
    connect: unused,
    disconnect: unused,
  };
}

const fakeSystem: SystemService = {
  listDevices: async () => ['vendor.com/toy=zero'],
  version: () => ({
    version: '0.0.1',
    gitCommit: 'abcdef0',
    nodeVersion: '26.10.0',
    os: 'linux',
    architecture: 'amd64',
    kernelVersion: '6.18.0',
    buildTime: '2026-01-02T03:04:05Z',
    components: [{ name: 'crun', version: '1.8.1', details: {} }],
  }),
  info: () => ({
    engineId: 'fake-engine',
    dataRoot: '/fake',
    containers: { running: 1, paused: 0, stopped: 2 },
    images: 1,
    storageDriver: 'overlay2',
    storageStatus: [['Backing Filesystem', 'extfs']],
    backingFilesystem: 'extfs',
    cgroupVersion: 1,
    cgroupDriver: 'cgroupfs',
    logDriver: 'json-file',
    cdiDirectories: ['/etc/cdi'],
    addressPools: [],
    runtimes: { crun: '/usr/bin/crun' },
    defaultRuntime: 'crun',
    kernelVersion: '6.18.0',
    operatingSystem: 'Debian',
    osVersion: '12',
    cpus: 2,
    memoryBytes: 8_000_000_000,
    hostName: 'fakehost',
    debug: false,
    openFileDescriptors: 10,
    eventListeners: 0,
    insecureRegistries: ['10.0.0.0/8', 'registry.test:5000'],
    mirrors: [],
    proxies: { http: '', https: 'http://user:secret@proxy.test:3128', exempt: 'localhost' },
    appArmor: undefined,
    remapsIds: false,
    warnings: [],
    limits: {
      memory: true,
      memoryReservation: true,
      swap: true,
      swappiness: true,
      oomKillDisable: true,
      cpuShares: true,
      cpuQuota: true,
      cpuRealtime: true,
      cpuset: true,
      pids: true,
      blkioWeight: true,
      blkioWeightDevice: true,
      blkioThrottle: true,
      cpus: '0-1',
      memoryNodes: '0',
    },
    ipv4Forwarding: true,
  }),
};
