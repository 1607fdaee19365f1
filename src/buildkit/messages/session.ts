import {
  bytes,
  int32,
  int64,
  type MessageOf,
  mapOf,
  maybe,
  message,
  one,
  string,
  uint32,
} from '#grpc/message.ts';

/*
 * What a client of BuildKit serves in its session: files, secrets, agents and credentials (session/…/*.proto and fsutil's
 * types/*.proto).
 */

/** moby.filesync.v1.BytesMessage, and its like in other packages. */
export const chunk = message({ data: one(1, bytes) });

/** fsutil.types.Stat */
export const stat = message({
  /** Relative, with slashes. */
  path: one(1, string),
  /** The bits of Go's os.FileMode. */
  mode: one(2, uint32),
  uid: one(3, uint32),
  gid: one(4, uint32),
  size: one(5, int64),
  /** Nanoseconds since 1970. */
  modifiedAt: one(6, int64),
  linkName: one(7, string),
  deviceMajor: one(8, int64),
  deviceMinor: one(9, int64),
  xattrs: mapOf(10, bytes),
});
export type Stat = MessageOf<typeof stat>;

export const packetTypes = { stat: 0, request: 1, data: 2, finish: 3, error: 4 } as const;

/** fsutil.types.Packet */
const packet = message({
  type: one(1, int32),
  stat: maybe(2, stat),
  id: one(3, uint32),
  data: one(4, bytes),
});
export type Packet = MessageOf<typeof packet>;

const secretRequest = message({ id: one(1, string) });
const secretResponse = message({ data: one(1, bytes) });
const agentRequest = message({ id: one(1, string) });
const agentResponse = message({});
const credentialsRequest = message({ host: one(1, string) });
const credentialsResponse = message({ username: one(1, string), secret: one(2, string) });

/** The methods that Dhow calls. */
export const sessionMethods = {
  sendFiles: { path: '/moby.filesync.v1.FileSync/DiffCopy', request: packet, response: packet },
  takeFiles: { path: '/moby.filesync.v1.FileSend/DiffCopy', request: packet, response: packet },
  takeArchive: { path: '/moby.filesync.v1.FileSend/DiffCopy', request: chunk, response: chunk },
  upload: { path: '/moby.upload.v1.Upload/Pull', request: chunk, response: chunk },
  secret: {
    path: '/moby.buildkit.secrets.v1.Secrets/GetSecret',
    request: secretRequest,
    response: secretResponse,
  },
  checkAgent: { path: '/moby.sshforward.v1.SSH/CheckAgent', request: agentRequest, response: agentResponse },
  forwardAgent: { path: '/moby.sshforward.v1.SSH/ForwardAgent', request: chunk, response: chunk },
  credentials: {
    path: '/moby.filesync.v1.Auth/Credentials',
    request: credentialsRequest,
    response: credentialsResponse,
  },
} as const;
