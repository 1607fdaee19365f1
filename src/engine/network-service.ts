import type { RunningContainerService } from '#engine/container-service.ts';
import type { EventService } from '#engine/events.ts';
import type { NetworkService } from '#engine/networks.ts';
import { kindOf } from '#errors/error.ts';
import { quietly } from '#errors/quietly.ts';
import type { NetworkCatalog, NetworkRecord } from '#network/network.ts';
import type { Database } from '#store/database.ts';

/** See `NetworkService`. What concerns a container is left to the container service, which holds its lock. */
export function createNetworkService(parts: {
  networks: NetworkCatalog;
  containers: Pick<RunningContainerService, 'connect' | 'disconnect'>;
  events: EventService;
  database: Pick<Database, 'durable'>;
}): NetworkService {
  const { networks, containers, events, database } = parts;

  function announce(action: string, { id, name, driver }: NetworkRecord): void {
    events.emit({ type: 'network', action, id, attributes: { name, type: driver } });
  }

  return {
    list: () => networks.list(),
    get: (nameOrId) => networks.get(nameOrId),
    membersOf: (networkId) => networks.membersOf(networkId),
    async create(request) {
      const { network, warnings } = await networks.create(request);
      await using undo = new AsyncDisposableStack();
      undo.defer(quietly('remove network', async () => void (await networks.remove(network.id))));
      await database.durable();
      undo.move();
      announce('create', network);
      return { id: network.id, warnings };
    },
    async remove(nameOrId) {
      const network = await networks.remove(nameOrId);
      await database.durable();
      announce('destroy', network);
    },
    async prune(ids) {
      const removed: string[] = [];
      for (const id of ids) {
        try {
          const network = await networks.remove(id);
          announce('destroy', network);
          removed.push(network.name);
        } catch (error) {
          // In use, predefined, or removed by somebody else meanwhile.
          if (!['Forbidden', 'NotFound'].includes(kindOf(error))) throw error;
        }
      }
      await database.durable();
      return removed;
    },
    async connect(nameOrId, container, request) {
      await containers.connect(container, { ...request, network: networks.get(nameOrId).name });
    },
    async disconnect(nameOrId, container, force) {
      const { id } = networks.get(nameOrId);
      try {
        await containers.disconnect(container, id);
      } catch (error) {
        if (!force || kindOf(error) !== 'NotFound') throw error;
      }
    },
  };
}
