import { parentPort, workerData } from 'node:worker_threads';
import { type DescriptorEvent, purposeOf, waitForEvents, wakeKey } from '#sys/epoll-calls.ts';
import { receivePacket } from '#sys/seqpacket.ts';

/** What the thread tells about one descriptor. */
export interface PollReport {
  key: number;
  /** Only for sockets that are read. */
  batch?: ReceivedBatch;
}

/** Packets without their first bytes, joined; `tags` and `lengths` describe runs of packets with the same first byte. */
export interface ReceivedBatch {
  bytes: Uint8Array<ArrayBuffer>;
  tags: number[];
  lengths: number[];
  ended: boolean;
}

/** conmon sends at most 8193 bytes a packet; a larger one would be cut. */
const largestPacket = 64 * 1024;
/** One byte in front is for the first packet's tag. */
const scratch = Buffer.alloc(1 + 320 * 1024);

/** Receives until nothing is there or the scratch buffer is full. */
function receiveBatch(fd: number): ReceivedBatch {
  const tags: number[] = [];
  const lengths: number[] = [];
  let offset = 1;
  let ended = false;
  while (offset + largestPacket <= scratch.length) {
    // The tag lands on the last byte of the packet before, which is put back: the payloads lie side by side without a copy.
    const covered = scratch[offset - 1] as number;
    const length = receivePacket(fd, scratch.subarray(offset - 1, offset - 1 + largestPacket));
    if (length === undefined) break;
    if (length === 0) {
      ended = true;
      break;
    }
    const tag = scratch[offset - 1] as number;
    scratch[offset - 1] = covered;
    offset += length - 1;
    if (length === 1) continue;
    const last = tags.length - 1;
    if (tags[last] === tag) lengths[last] = (lengths[last] as number) + length - 1;
    else {
      tags.push(tag);
      lengths.push(length - 1);
    }
  }
  return { bytes: new Uint8Array(scratch.subarray(1, offset)), tags, lengths, ended };
}

function report({ fd, key }: DescriptorEvent): PollReport {
  return purposeOf(key) === 'packets' ? { key, batch: receiveBatch(fd) } : { key };
}

if (parentPort) {
  const { epollFd } = workerData as { epollFd: number };
  const events = Buffer.alloc(16 * 64);
  for (let open = true; open; ) {
    const reports: PollReport[] = [];
    for (const event of waitForEvents(epollFd, events)) {
      if (event.key === wakeKey) open = false;
      else reports.push(report(event));
    }
    const buffers = reports.flatMap(({ batch }) => (batch ? [batch.bytes.buffer] : []));
    if (reports.length > 0) parentPort.postMessage(reports, buffers);
  }
}
