import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import type { LogEntry } from '#api/engine-values.ts';
import { checkProgram, createFakeProcess, type FakeProcess } from '#api/testing/fake-process.ts';
import type { ContainerSettings } from '#engine/container-settings.ts';
import type { ContainerService, ContainerView, ExecView } from '#engine/containers.ts';
import type { EventService } from '#engine/events.ts';
import type { ImageService } from '#engine/images.ts';
import { DhowError } from '#errors/error.ts';

interface Container {
  view: ContainerView;
  process: FakeProcess;
  removed: PromiseWithResolvers<void>;
}

const fixedLogTime = '2026-01-02T03:04:05.000000006+00:00';

/** Containers whose programs run in memory (see fake-process.ts). Enough of the contract for the door's tests. */
export function createFakeContainers(parts: {
  images: ImageService;
  events: EventService;
}): ContainerService {
  const containers = new Map<string, Container>();
  const execs = new Map<string, { view: ExecView; process: FakeProcess }>();

  function find(nameOrId: string): Container {
    const name = nameOrId.replace(/^\//, '');
    for (const container of containers.values()) {
      if (container.view.name === name || container.view.id.startsWith(name)) return container;
    }
    throw new DhowError('NotFound', `No such container: ${nameOrId}`, { reason: 'container-not-found' });
  }

  function emit(action: string, view: ContainerView, attributes: Record<string, string> = {}): void {
    parts.events.emit({
      type: 'container',
      action,
      id: view.id,
      attributes: { image: view.settings.image, name: view.name, ...attributes },
    });
  }

  function removeNow(container: Container): void {
    containers.delete(container.view.id);
    container.removed.resolve();
    emit('destroy', container.view);
  }

  function requireRunning(container: Container): void {
    if (container.view.state.status === 'running') return;
    throw new DhowError('Conflict', `container ${container.view.id} is not running`, {
      reason: 'not-running',
    });
  }

  return {
    async create({ name, settings }) {
      const image = parts.images.get(settings.image);
      const id = randomBytes(32).toString('hex');
      const view = createView(id, name ?? `fake_${id.slice(0, 6)}`, settings, image.id);
      const process = createFakeProcess(settings.terminal);
      containers.set(id, { view, process, removed: Promise.withResolvers() });
      emit('create', view);
      return { id, warnings: [] };
    },
    async start(nameOrId) {
      const container = find(nameOrId);
      const { view, process } = container;
      if (view.state.status === 'running') return 'already-running';
      const words = [...view.effective.entrypoint, ...view.effective.command];
      try {
        checkProgram(words);
      } catch (error) {
        // Who attached must not wait for a process that never was.
        process.kill(127);
        if (view.settings.host.autoRemove) removeNow(container);
        throw error;
      }
      const startedAt = new Date();
      view.state = { status: 'running', pid: 4242, startedAt, error: '', exitCode: 0 };
      emit('start', view);
      process.start(words);
      void process.exited.then((exitCode) => {
        const finishedAt = new Date();
        view.state = { status: 'exited', startedAt, finishedAt, exitCode, error: '', oomKilled: false };
        emit('die', view, { exitCode: String(exitCode) });
        if (view.settings.host.autoRemove) removeNow(container);
      });
      return 'started';
    },
    async stop(nameOrId) {
      const { view, process } = find(nameOrId);
      if (view.state.status !== 'running') return 'already-stopped';
      process.kill(143);
      await process.exited;
      return 'stopped';
    },
    async restart() {},
    async kill(nameOrId) {
      const container = find(nameOrId);
      requireRunning(container);
      container.process.kill(137);
    },
    async pause() {},
    async unpause() {},
    async rename(nameOrId, newName) {
      find(nameOrId).view.name = newName;
    },
    update: async () => ({ warnings: [] }),
    async unlink(nameOrId, alias) {
      throw new DhowError('NotFound', `No such link: /${nameOrId}/${alias}`);
    },
    async remove(nameOrId, { force }) {
      const container = find(nameOrId);
      if (container.view.state.status === 'running') {
        if (!force)
          throw new DhowError(
            'Conflict',
            `cannot remove container "/${container.view.name}": container is running: stop the container before removing or force remove`,
          );
        container.process.kill(137);
        await container.process.exited;
      }
      removeNow(container);
    },
    async prune() {
      return { removed: [], freedBytes: 0 };
    },
    get: (nameOrId) => find(nameOrId).view,
    list: () => [...containers.values()].map(({ view }) => view).reverse(),
    async sizeOf() {
      return { writableBytes: 12, rootBytes: 3456 };
    },
    async wait(nameOrId, condition, signal) {
      const { process, removed } = find(nameOrId);
      const aborted = once(signal, 'abort').then(() => Promise.reject(signal.reason));
      const done = process.exited.then(async (exitCode) => {
        if (condition === 'removed') await removed.promise;
        return { exitCode };
      });
      return Promise.race([done, aborted]);
    },
    logAttributes: () => ({}),
    async logs(nameOrId, query) {
      const { output } = find(nameOrId).process;
      return (async function* () {
        for (const { stream, bytes } of output) {
          const entry: LogEntry = { stream, timestamp: fixedLogTime, bytes, partial: false };
          if (query[stream]) yield entry;
        }
      })();
    },
    async attach(nameOrId) {
      return find(nameOrId).process.attach();
    },
    async resize() {},
    execCreate(nameOrId, settings) {
      const container = find(nameOrId);
      requireRunning(container);
      const id = randomBytes(32).toString('hex');
      const view = {
        id,
        containerId: container.view.id,
        settings,
        running: false,
        exitCode: undefined,
        pid: 0,
      };
      execs.set(id, { view, process: createFakeProcess(settings.terminal) });
      return id;
    },
    async execStart(execId, { detach }) {
      const exec = execs.get(execId);
      if (!exec) throw new DhowError('NotFound', `No such exec instance: ${execId}`);
      const { view, process } = exec;
      try {
        checkProgram(view.settings.command);
      } catch (error) {
        view.exitCode = 127;
        throw error;
      }
      view.running = true;
      const session = process.attach();
      void process.exited.then((code) => {
        view.running = false;
        view.exitCode = code;
      });
      process.start(view.settings.command);
      return detach ? undefined : session;
    },
    async execResize() {},
    execGet(execId) {
      const exec = execs.get(execId);
      if (!exec) throw new DhowError('NotFound', `No such exec instance: ${execId}`);
      return exec.view;
    },
  };
}

function createView(
  id: string,
  name: string,
  settings: ContainerSettings,
  imageId: ContainerView['imageId'],
): ContainerView {
  return {
    id,
    name,
    createdAt: new Date(),
    imageId,
    settings,
    effective: {
      entrypoint: settings.entrypoint ?? [],
      command: settings.command ?? ['true'],
      environment: settings.environment,
      workingDirectory: settings.workingDirectory,
      user: settings.user,
      exposedPorts: settings.exposedPorts,
      volumePaths: settings.volumePaths,
      labels: settings.labels,
      stopSignal: 'SIGTERM',
    },
    state: { status: 'created', error: '', exitCode: 0 },
    restartCount: 0,
    endpoints: [],
    ports: [],
    links: [],
    linkNames: [],
    mounts: [],
    platform: 'linux/amd64',
    paths: {
      log: `/fake/${id}/log`,
      hostname: `/fake/${id}/hostname`,
      hosts: `/fake/${id}/hosts`,
      resolv: `/fake/${id}/resolv.conf`,
      lower: ['/fake/layer'],
      upper: `/fake/${id}/upper`,
      work: `/fake/${id}/work`,
      merged: `/fake/${id}/root`,
    },
    execIds: [],
  };
}
