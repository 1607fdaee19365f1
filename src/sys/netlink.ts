import { Buffer } from 'node:buffer';
import { callInBackground, check, hasCode, lastErrno, libc, SystemError } from '#sys/libc.ts';
import {
  decodeAttributes,
  decodeMessages,
  encodeMessage,
  type NetlinkMessage,
  type NetlinkRequest,
  netlinkFlags,
  textOf,
} from '#sys/netlink-message.ts';

/**
 * Netlink sockets: requests to the kernel's network stack without a helper process.
 *
 * A socket belongs to the network namespace in which it was opened, for good: a socket opened inside another
 * namespace configures that namespace from outside, and holds it alive until it is closed.
 * The kernel works a request off inside send(2), so the answers lie ready when it returns; calls here are
 * synchronous, and the receive time-out only guards against a kernel that breaks that habit.
 */
export interface NetlinkSocket extends Disposable {
  /**
   * Sends all requests in one system call and waits for the acknowledgement of each. The kernel goes on after a
   * request that failed (except in nfnetlink batches). Requests must not be dumps.
   * @throws NetlinkError for the first request that failed
   */
  request(requests: NetlinkRequest[], subject: string): void;
  /**
   * Sends a batch in which only some messages are acknowledged; waits for `answers` acknowledgements or one error.
   * @throws NetlinkError
   */
  requestBatch(requests: NetlinkRequest[], answers: number, subject: string): void;
  /** Sends one request that is answered with a message, not only an acknowledgement. @throws NetlinkError */
  get(request: NetlinkRequest, subject: string): NetlinkMessage;
  /** Sends one dump request and collects the answers. @throws NetlinkError */
  dump(request: NetlinkRequest, subject: string): NetlinkMessage[];
  /** For a socket whose end the kernel makes wait. */
  closeInBackground(): void;
  /** Its address, by which notifications name it. */
  portId(): number;
  close(): void;
}

/** A refused request: the kernel's errno and, where it gave one, its explanation (extended acknowledgement). */
class NetlinkError extends SystemError {
  constructor(errno: number, subject: string, explanation: string) {
    super('netlink', errno, explanation === '' ? subject : `${subject} (${explanation})`);
    this.name = 'NetlinkError';
  }
}

export const netlinkProtocols = { route: 0, netfilter: 12 } as const;

const AF_NETLINK = 16;
const SOCK_RAW = 3;
const SOCK_CLOEXEC = 0o2000000;
const SOL_SOCKET = 1;
const SO_RCVTIMEO = 20;
const SO_SNDBUFFORCE = 32;
const SO_RCVBUFFORCE = 33;
const SOL_NETLINK = 270;
const NETLINK_CAP_ACK = 10;
const NETLINK_EXT_ACK = 11;

const NLMSG_ERROR = 2;
const NLMSG_DONE = 3;
const NLM_F_CAPPED = 0x100;
const NLM_F_ACK_TLVS = 0x200;
const NLMSGERR_ATTR_MSG = 1;

const EBUSY = 16;
const EINTR = 4;
const MSG_DONTWAIT = 0x40;
const socketAddressBytes = 12;
const monitorBufferBytes = 4 * 1024 * 1024;
const receiveTimeoutSeconds = 5;
/** The kernel fills up to 32 KiB per answer of a dump. */
const receiveBufferBytes = 64 * 1024;
const largeBatchBytes = 64 * 1024;
/** More than a dump of every link of a full bridge; a guard against an endless stream. */
const maximumDumpMessages = 200_000;

const socketFunction = libc.func('int socket(int domain, int type, int protocol)');
const setsockoptFunction = libc.func(
  'int setsockopt(int fd, int level, int name, const void *value, unsigned int length)',
);
const bindFunction = libc.func('int bind(int fd, const void *address, unsigned int length)');
const getsocknameFunction = libc.func(
  'int getsockname(int fd, _Out_ uint8_t *address, _Inout_ unsigned int *length)',
);
const sendFunction = libc.func('long send(int fd, const void *buffer, size_t length, int flags)');
const recvFunction = libc.func('long recv(int fd, void *buffer, size_t length, int flags)');
const closeFunction = libc.func('int close(int fd)');

/** Opens a socket in the calling thread's network namespace. @throws SystemError */
export function openNetlink(protocol: number): NetlinkSocket {
  return new Socket(openSocket(protocol));
}

/** What the kernel tells of, unasked. */
export interface NetlinkMonitor {
  /** Readable when there is something to tell. */
  readonly fd: number;
  /** What has come; undefined when so much has come that some of it is lost. Never waits. @throws SystemError */
  receive(): NetlinkMessage[] | undefined;
}

/**
 * A socket that hears the messages of one group. The caller closes `fd`.
 * @param group its number, not its bit
 * @throws SystemError
 */
export function openNetlinkMonitor(protocol: number, group: number): NetlinkMonitor {
  const fd = openSocket(protocol);
  // A batch of thousands of changes is told one by one.
  setOption(fd, SOL_SOCKET, SO_RCVBUFFORCE, monitorBufferBytes);
  const address = Buffer.alloc(socketAddressBytes);
  address.writeUInt16LE(AF_NETLINK, 0);
  address.writeUInt32LE(2 ** (group - 1), 8);
  check('bind', bindFunction(fd, address, address.length), 'AF_NETLINK');
  return {
    fd,
    receive() {
      const messages: NetlinkMessage[] = [];
      for (;;) {
        const buffer = Buffer.alloc(receiveBufferBytes);
        const count = Number(recvFunction(fd, buffer, buffer.length, MSG_DONTWAIT));
        if (count >= 0) {
          messages.push(...decodeMessages(buffer.subarray(0, count)));
          continue;
        }
        const error = new SystemError('recv', lastErrno(), 'netlink monitor');
        if (hasCode(error, 'EAGAIN', 'EWOULDBLOCK')) return messages;
        if (hasCode(error, 'ENOBUFS')) return undefined;
        if (!hasCode(error, 'EINTR')) throw error;
      }
    },
  };
}

/** struct sockaddr_nl: family, padding, port id, groups */
function addressOf(fd: number): number {
  const address = Buffer.alloc(socketAddressBytes);
  check('getsockname', getsocknameFunction(fd, address, [address.length]), 'AF_NETLINK');
  return address.readUInt32LE(4);
}

function openSocket(protocol: number): number {
  const fd = check('socket', socketFunction(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, protocol), 'AF_NETLINK');
  const timeout = Buffer.alloc(16);
  timeout.writeBigInt64LE(BigInt(receiveTimeoutSeconds), 0);
  setsockoptFunction(fd, SOL_SOCKET, SO_RCVTIMEO, timeout, timeout.length);
  setOption(fd, SOL_NETLINK, NETLINK_EXT_ACK, 1);
  setOption(fd, SOL_NETLINK, NETLINK_CAP_ACK, 1);
  return fd;
}

function setOption(fd: number, level: number, name: number, value: number): void {
  const payload = Buffer.alloc(4);
  payload.writeInt32LE(value);
  setsockoptFunction(fd, level, name, payload, payload.length);
}

function acknowledged(requests: NetlinkRequest[]): NetlinkRequest[] {
  return requests.map((each) => ({ ...each, flags: each.flags | netlinkFlags.acknowledge }));
}

class Socket implements NetlinkSocket {
  readonly #fd: number;
  #sequence = 0;
  #closed = false;
  #buffer: Buffer | undefined;

  constructor(fd: number) {
    this.#fd = fd;
  }

  request(requests: NetlinkRequest[], subject: string): void {
    if (requests.length === 0) return;
    const { first, bytes } = this.#encode(acknowledged(requests));
    check('send', Number(sendFunction(this.#fd, bytes, bytes.length, 0)), subject);
    this.#awaitAcknowledgements(first, requests.length, subject);
  }

  async requestInBackground(requests: NetlinkRequest[], subject: string): Promise<void> {
    const { first, bytes } = this.#encode(acknowledged(requests));
    const sent = await callInBackground(sendFunction, this.#fd, bytes, bytes.length, 0);
    if (sent === -1) throw new Error(`netlink request could not be sent: ${subject}`);
    this.#awaitAcknowledgements(first, requests.length, subject);
  }

  /** @param take is given bytes that are its own only during the call */
  async dumpInBackground(
    request: NetlinkRequest,
    subject: string,
    take: (message: NetlinkMessage) => void,
  ): Promise<void> {
    const { bytes } = this.#encode([{ ...request, flags: request.flags | netlinkFlags.dump }]);
    const sent = await callInBackground(sendFunction, this.#fd, bytes, bytes.length, 0);
    if (sent === -1) throw new Error(`netlink request could not be sent: ${subject}`);
    const buffer = Buffer.alloc(receiveBufferBytes);
    for (;;) {
      const count = await callInBackground(recvFunction, this.#fd, buffer, buffer.length, 0);
      if (count === -1) throw new Error(`netlink answer could not be received: ${subject}`);
      for (const message of decodeMessages(buffer.subarray(0, count))) {
        if (message.type === NLMSG_DONE) return;
        if (message.type !== NLMSG_ERROR) take(message);
        else {
          const failure = failureOf(message, subject);
          if (failure) throw failure;
          return;
        }
      }
    }
  }

  #awaitAcknowledgements(first: number, count: number, subject: string): void {
    let failure: NetlinkError | undefined;
    for (let pending = count; pending > 0; ) {
      for (const message of this.#receive(subject)) {
        if (message.type !== NLMSG_ERROR || message.sequence < first) continue;
        pending--;
        failure ??= failureOf(message, subject);
      }
    }
    if (failure) throw failure;
  }

  requestBatch(requests: NetlinkRequest[], answers: number, subject: string): void {
    const first = this.#send(requests, subject);
    for (let pending = answers; pending > 0; ) {
      for (const message of this.#receive(subject)) {
        if (message.type !== NLMSG_ERROR || message.sequence < first) continue;
        const failure = failureOf(message, subject);
        // Later answers to the same batch are skipped by their sequence number when the next request is read.
        if (failure) throw failure;
        pending--;
      }
    }
  }

  get(request: NetlinkRequest, subject: string): NetlinkMessage {
    const first = this.#send([request], subject);
    for (;;) {
      for (const message of this.#receive(subject)) {
        if (message.sequence < first) continue;
        if (message.type !== NLMSG_ERROR) return { ...message, body: Buffer.from(message.body) };
        const failure = failureOf(message, subject);
        if (failure) throw failure;
      }
    }
  }

  dump(request: NetlinkRequest, subject: string): NetlinkMessage[] {
    const first = this.#send([{ ...request, flags: request.flags | netlinkFlags.dump }], subject);
    const messages: NetlinkMessage[] = [];
    for (;;) {
      for (const message of this.#receive(subject)) {
        if (message.sequence < first) continue;
        if (message.type === NLMSG_DONE) return messages;
        if (message.type === NLMSG_ERROR) {
          const failure = failureOf(message, subject);
          if (failure) throw failure;
          return messages;
        }
        if (messages.length >= maximumDumpMessages) throw new NetlinkError(EBUSY, subject, 'dump too long');
        messages.push({ ...message, body: Buffer.from(message.body) });
      }
    }
  }

  portId(): number {
    return addressOf(this.#fd);
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    closeFunction(this.#fd);
  }

  closeInBackground(): void {
    if (this.#closed) return;
    this.#closed = true;
    closeFunction.async(this.#fd, () => {});
  }

  [Symbol.dispose](): void {
    this.close();
  }

  #send(requests: NetlinkRequest[], subject: string): number {
    const { first, bytes } = this.#encode(requests);
    check('send', Number(sendFunction(this.#fd, bytes, bytes.length, 0)), subject);
    return first;
  }

  /** `first` is the sequence number of the first message; answers with lower ones belong to an earlier request. */
  #encode(requests: NetlinkRequest[]): { first: number; bytes: Buffer } {
    const first = this.#sequence + 1;
    const bytes = Buffer.concat(requests.map((each) => encodeMessage(each, ++this.#sequence)));
    if (bytes.length > largeBatchBytes) {
      // The default send buffer (208 KiB, counted with overhead) would refuse it with EMSGSIZE.
      setOption(this.#fd, SOL_SOCKET, SO_SNDBUFFORCE, bytes.length * 2);
      setOption(this.#fd, SOL_SOCKET, SO_RCVBUFFORCE, bytes.length * 2);
    }
    return { first, bytes };
  }

  #receive(subject: string): Generator<NetlinkMessage> {
    this.#buffer ??= Buffer.alloc(receiveBufferBytes);
    for (;;) {
      const count = Number(recvFunction(this.#fd, this.#buffer, this.#buffer.length, 0));
      if (count >= 0) return decodeMessages(this.#buffer.subarray(0, count));
      const errno = lastErrno();
      if (errno !== EINTR) throw new SystemError('recv', errno, subject);
    }
  }
}

function failureOf(message: NetlinkMessage, subject: string): NetlinkError | undefined {
  const errno = message.body.length >= 4 ? -message.body.readInt32LE(0) : 0;
  if (errno === 0) return undefined;
  return new NetlinkError(errno, subject, explanationOf(message));
}

/** struct nlmsgerr: errno, the request's header, then (unless capped) the request, then attributes. */
function explanationOf(message: NetlinkMessage): string {
  if ((message.flags & NLM_F_ACK_TLVS) === 0) return '';
  const requestLength = message.body.length >= 8 ? message.body.readUInt32LE(4) : 0;
  const start = (message.flags & NLM_F_CAPPED) !== 0 ? 20 : 4 + ((requestLength + 3) & ~3);
  if (start >= message.body.length) return '';
  return textOf(decodeAttributes(message.body.subarray(start)).get(NLMSGERR_ATTR_MSG));
}

/**
 * Sends requests off the main thread, on a socket of their own, for requests during which the kernel waits (deleting
 * a device takes tens of milliseconds).
 * @throws NetlinkError
 */
export async function requestInBackground(
  protocol: number,
  requests: NetlinkRequest[],
  subject: string,
): Promise<void> {
  using socket = new Socket(openSocket(protocol));
  await socket.requestInBackground(requests, subject);
}

/**
 * Sends one dump request off the main thread, on a socket of its own, for dumps that the kernel has to search long for.
 * @param take is given the answers, each with bytes that are its own only during the call
 * @throws NetlinkError
 */
export async function dumpInBackground(
  protocol: number,
  request: NetlinkRequest,
  subject: string,
  take: (message: NetlinkMessage) => void,
): Promise<void> {
  using socket = new Socket(openSocket(protocol));
  await socket.dumpInBackground(request, subject, take);
}
