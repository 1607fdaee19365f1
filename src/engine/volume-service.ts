import type { EventService } from '#engine/events.ts';
import type { VolumeStore } from '#volume/volume.ts';

/** The volume store as the doors see it: a volume that containers refer to is not removed, and changes are announced. */
export function createVolumeService(parts: {
  volumes: VolumeStore;
  usersOf: (volume: string) => string[];
  events: EventService;
}): VolumeStore {
  const { volumes, usersOf, events } = parts;
  function announce(action: string, id: string): void {
    events.emit({ type: 'volume', action, id, attributes: { driver: 'local' } });
  }
  return {
    ...volumes,
    async create(request) {
      const known = request.name !== undefined && volumes.find(request.name) !== undefined;
      const volume = await volumes.create(request);
      if (!known) announce('create', volume.name);
      return volume;
    },
    async remove(name, users) {
      await volumes.remove(name, [...new Set([...users, ...usersOf(name)])]);
      announce('destroy', name);
    },
  };
}
