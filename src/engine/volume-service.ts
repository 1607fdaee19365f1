import type { EventService } from '#engine/events.ts';
import type { VolumeService } from '#engine/volumes.ts';
import { kindOf } from '#errors/error.ts';
import { quietly } from '#errors/quietly.ts';
import type { VolumeStore } from '#volume/volume.ts';

export interface VolumeServiceParts {
  volumes: VolumeStore;
  events: EventService;
  /** What containers have to do with a volume. */
  containers: {
    usersOfVolume(volume: string): string[];
    writersOfVolume(volume: string): string[];
    renameVolume(volume: string, newName: string): Promise<void>;
  };
}

export function createVolumeService({ volumes, events, containers }: VolumeServiceParts): VolumeService {
  function announce(action: string, id: string, attributes: Record<string, string> = {}): void {
    events.emit({ type: 'volume', action, id, attributes: { driver: 'local', ...attributes } });
  }

  async function create(request: Parameters<VolumeService['create']>[0]) {
    const known = request.name !== undefined && volumes.find(request.name) !== undefined;
    const volume = await volumes.create(request);
    if (!known) announce('create', volume.name);
    return volume;
  }

  async function remove(name: string): Promise<void> {
    await volumes.remove(name, () => containers.usersOfVolume(name));
    announce('destroy', name);
  }

  return {
    create,
    remove,
    get: (name) => volumes.get(name),
    find: (name) => volumes.find(name),
    list: () => volumes.list(),
    usersOf: (name) => containers.usersOfVolume(name),
    writersOf: (name) => containers.writersOfVolume(name),

    async prune(wanted, signal) {
      const removed: string[] = [];
      let freedBytes = 0;
      for (const volume of volumes.list()) {
        if (!wanted(volume) || containers.usersOfVolume(volume.name).length > 0) continue;
        signal.throwIfAborted();
        try {
          const sizeBytes = await volumes.sizeOf(volume.name);
          await remove(volume.name);
          removed.push(volume.name);
          freedBytes += sizeBytes;
        } catch (error) {
          // Taken by a container, or removed by somebody else, meanwhile.
          if (kindOf(error) !== 'Conflict' && kindOf(error) !== 'NotFound') throw error;
        }
      }
      return { removed, freedBytes };
    },

    async rename(name, newName) {
      await containers.renameVolume(name, newName);
      if (name !== newName) announce('rename', newName, { oldName: name });
    },

    async clone(name, request) {
      const clone = await volumes.clone(name, request);
      announce('create', clone.volume.name);
      return clone;
    },

    export: (name, signal) => volumes.pack(name, signal),

    async import(request, source, signal) {
      await using undo = new AsyncDisposableStack();
      const known = request.name !== undefined && volumes.find(request.name) !== undefined;
      const { name } = await create(request);
      if (!known) undo.defer(quietly(`remove volume ${name}`, () => remove(name)));
      await volumes.unpack(name, source, signal);
      undo.move();
      return volumes.get(name);
    },
  };
}
