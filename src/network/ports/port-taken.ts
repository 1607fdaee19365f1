import { DhowError } from '#errors/error.ts';
import { formatIp, type IpAddress } from '#network/addresses/ip.ts';
import type { PublishedPortRequest } from '#network/network.ts';
import { findListener } from '#network/ports/find-listener.ts';
import type { PortHolder } from '#network/tables/ports.ts';

/** No port of the request was free; carries what is needed to say who has it: the rows of the transaction are gone by then. */
export class PortTaken extends Error {
  readonly request: PublishedPortRequest;
  readonly address: IpAddress;
  /** undefined: no container. */
  readonly holder: PortHolder | undefined;

  constructor(request: PublishedPortRequest, address: IpAddress, holder: PortHolder | undefined) {
    super(`port ${request.hostPort}/${request.protocol} is taken`);
    this.name = 'PortTaken';
    this.request = request;
    this.address = address;
    this.holder = holder;
  }
}

/** The user's error for a taken port, in Docker's words, and who has it. */
export async function describeTaken(
  taken: PortTaken,
  container: { name: string; endpointId: string },
): Promise<DhowError> {
  const { request, address } = taken;
  const single = request.hostPort !== 0 && request.hostPort === request.hostPortEnd;
  const where = single ? `${request.hostPort}` : `${request.hostPort}-${request.hostPortEnd}`;
  const problem = single ? 'port is already allocated' : 'all ports are allocated';
  const holder = single ? await describeHolder(taken, container.name) : '';
  const host = address.family === 6 ? `[${formatIp(address)}]` : formatIp(address);
  return new DhowError(
    'Conflict',
    `driver failed programming external connectivity on endpoint ${container.name} (${container.endpointId}): ` +
      `Bind for ${host}:${where} failed: ${problem}${holder}`,
    { reason: 'port-in-use', cause: taken },
  );
}

async function describeHolder({ request, holder }: PortTaken, ownName: string): Promise<string> {
  if (holder?.containerName === ownName) return ' (by this container itself)';
  if (holder) return ` (by container "${holder.containerName}")`;
  const listener = await findListener(request);
  return listener ? ` (by process ${listener.pid}, ${listener.command})` : ' (by a process of the host)';
}
