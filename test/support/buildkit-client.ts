import { randomUUID } from 'node:crypto';
import http from 'node:http';
import { createServer, type IncomingHttpHeaders, type ServerHttp2Stream } from 'node:http2';
import type { Duplex } from 'node:stream';
import {
  type SolveRequest,
  type StatusResponse,
  solveRequest,
  solveResponse,
  statusRequest,
  statusResponse,
} from '../../src/buildkit/messages/control.ts';
import {
  gatewaySolveRequest,
  gatewaySolveResponse,
  pong,
  returnRequest,
} from '../../src/buildkit/messages/gateway.ts';
import { sessionMethods } from '../../src/buildkit/messages/session.ts';
import { sendTree } from '../../src/buildkit/session/send-tree.ts';
import { type CalledMethod, connectGrpc, type GrpcClient, type OpenCall } from '../../src/grpc/client.ts';
import { encodeFrame, readFrames } from '../../src/grpc/frames.ts';
import { message } from '../../src/grpc/message.ts';

/** What a client of BuildKit offers its builds. */
export interface Offer {
  /** Paths of directories, by the names that the daemon asks for. All their files are sent, whatever is asked for. */
  directories: Readonly<Record<string, string>>;
  secrets?: Readonly<Record<string, string>>;
}

/** A client of BuildKit's API: the calls that buildx makes for a build, and the session that goes with them. */
export interface BuildkitClient extends Disposable {
  readonly control: GrpcClient;
  /**
   * @param driven whether by way of the gateway, as buildx does
   * @returns what the exporters say, and all that was told meanwhile
   */
  build(
    request: Partial<Pick<SolveRequest, 'frontendAttributes' | 'exporters' | 'cache'>>,
    options: { driven: boolean; signal?: AbortSignal },
  ): Promise<{ response: ReadonlyMap<string, string>; updates: StatusResponse[]; output: string }>;
}

const empty = message({});
const methods = {
  solve: { path: '/moby.buildkit.v1.Control/Solve', request: solveRequest, response: solveResponse },
  status: { path: '/moby.buildkit.v1.Control/Status', request: statusRequest, response: statusResponse },
  ping: { path: '/moby.buildkit.v1.frontend.LLBBridge/Ping', request: empty, response: pong },
  gatewaySolve: {
    path: '/moby.buildkit.v1.frontend.LLBBridge/Solve',
    request: gatewaySolveRequest,
    response: gatewaySolveResponse,
  },
  return: { path: '/moby.buildkit.v1.frontend.LLBBridge/Return', request: returnRequest, response: empty },
} as const;

export async function connectBuildkit(socketPath: string, offer: Offer): Promise<BuildkitClient> {
  const sessionId = randomUUID();
  const offered = [sessionMethods.sendFiles, sessionMethods.secret].map(({ path }) => path);
  const session = await upgrade(socketPath, '/session', {
    'X-Docker-Expose-Session-Uuid': sessionId,
    'X-Docker-Expose-Session-Grpc-Method': offered,
  });
  serveSession(session, offer);
  const control = connectGrpc(await upgrade(socketPath, '/grpc', {}));

  return {
    control,
    async build(request, { driven, signal = AbortSignal.timeout(60_000) }) {
      const ref = randomUUID();
      const frontend = 'dockerfile.v0';
      const solving = control.call(
        methods.solve,
        { ...request, ref, session: sessionId, frontend: driven ? '' : frontend },
        { signal },
      );
      solving.catch(() => {});
      const following = follow(control, ref, signal);
      following.catch(() => {});
      if (driven) {
        const options = { headers: { 'buildkit-controlapi-buildid': ref }, signal };
        await control.call(methods.ping, {}, options);
        try {
          const frontendOptions = request.frontendAttributes ?? new Map();
          await control.call(methods.gatewaySolve, { frontend, frontendOptions }, options);
          await control.call(methods.return, {}, options);
        } catch (error) {
          if (signal.aborted) throw error;
          await control.call(methods.return, { error: { code: 2, message: String(error) } }, options);
        }
      }
      const { exporterResponse: response } = await solving;
      const updates = await following;
      const logs = updates.flatMap((update) => update.logs);
      return { response, updates, output: Buffer.concat(logs.map((log) => log.message)).toString() };
    },
    [Symbol.dispose]() {
      control[Symbol.dispose]();
      session.destroy();
    },
  };
}

async function follow(control: GrpcClient, ref: string, signal: AbortSignal): Promise<StatusResponse[]> {
  const call = control.open(methods.status, { signal });
  await call.send({ ref });
  call.end();
  const updates: StatusResponse[] = [];
  for await (const update of call.messages) updates.push(update);
  return updates;
}

/** A connection that is no longer HTTP/1.1. */
async function upgrade(
  socketPath: string,
  path: string,
  headers: Record<string, string | string[]>,
): Promise<Duplex> {
  const { promise, resolve, reject } = Promise.withResolvers<Duplex>();
  http
    .request({
      ...{ socketPath, path, method: 'POST', agent: false },
      headers: { ...headers, Connection: 'Upgrade', Upgrade: 'h2c' },
    })
    .on('upgrade', (_response, socket, head) => {
      // The daemon may speak first.
      if (head.length > 0) socket.unshift(head);
      resolve(socket);
    })
    .on('response', (response) => reject(new Error(`${path} was answered ${response.statusCode}`)))
    .on('error', reject)
    .end();
  return promise;
}

function serveSession(connection: Duplex, offer: Offer): void {
  const server = createServer();
  server.on('stream', (stream: ServerHttp2Stream, headers: IncomingHttpHeaders) => {
    let code = 0;
    stream.on('error', () => {});
    stream.once('wantTrailers', () => stream.sendTrailers({ 'grpc-status': String(code) }));
    stream.respond({ ':status': 200, 'content-type': 'application/grpc' }, { waitForTrailers: true });
    serve(stream, headers, offer)
      .then((status) => {
        code = status;
      })
      .catch(() => {
        code = 13;
      })
      .finally(() => stream.end());
  });
  server.emit('connection', connection);
}

/** @returns the status of the call */
async function serve(stream: ServerHttp2Stream, headers: IncomingHttpHeaders, offer: Offer): Promise<number> {
  switch (headers[':path']) {
    case sessionMethods.sendFiles.path: {
      const directory = offer.directories[String(headers['dir-name'])];
      if (directory === undefined) return 5;
      const call = callOf(stream, sessionMethods.sendFiles);
      const client = { open: () => call as never };
      await sendTree(
        { offers: () => true, client: client as never },
        0,
        [{ name: '', root: directory }],
        new AbortController().signal,
      );
      return 0;
    }
    case sessionMethods.secret.path: {
      const { request, response } = sessionMethods.secret;
      for await (const frame of readFrames(stream)) {
        const secret = offer.secrets?.[request.decode(frame).id];
        if (secret === undefined) return 5;
        stream.write(encodeFrame(response.encode({ data: Buffer.from(secret) })));
        return 0;
      }
      return 3;
    }
    default:
      return 12;
  }
}

/** The server's end of a call, as if it were the client's. */
function callOf<A, B>(stream: ServerHttp2Stream, method: CalledMethod<A, B>): OpenCall<A, B> {
  return {
    async send(...messages) {
      for (const sent of messages) stream.write(encodeFrame(method.request.encode(sent)));
    },
    end() {},
    messages: (async function* () {
      for await (const frame of readFrames(stream)) yield method.response.decode(frame);
    })(),
  };
}
