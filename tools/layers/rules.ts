/**
 * Who may import whom: the table of the architecture as data. `src/errors` may be imported by all and is not repeated.
 * An entry is a room (`sys`) or, where only one page of a room is meant, a file (`store/database.ts`).
 */
export interface RoomRule {
  mayImport: readonly string[];
  reason: string;
}

export const roomRules: Readonly<Record<string, RoomRule>> = {
  errors: { mayImport: [], reason: 'everything imports errors, so errors imports nothing' },
  log: { mayImport: [], reason: 'a line writer that any room may be given' },
  wire: {
    mayImport: [],
    reason: 'the types and the spellings of the API, shared by both ends of the connection',
  },
  sys: { mayImport: [], reason: 'Linux as such: it knows neither images nor containers' },
  image: { mayImport: [], reason: 'pure: references, digests and documents need neither files nor network' },
  archive: { mayImport: ['sys'], reason: 'trees of files and their archives, not images' },
  store: {
    mayImport: ['image', 'archive', 'sys', 'log'],
    reason: 'keeps blobs, layers and image rows; knows neither HTTP nor how containers behave',
  },
  registry: { mayImport: ['image', 'log'], reason: 'yields verified streams; the caller stores them' },
  runtime: {
    mayImport: ['sys', 'image', 'log'],
    reason: 'processes from specs; storage and network come as paths in the spec',
  },
  'log-drivers': {
    mayImport: ['runtime/read-logs.ts', 'runtime/logs.ts', 'sys'],
    reason: 'sends what the runtime has logged; what a container is comes as plain values',
  },
  network: {
    mayImport: ['sys', 'log', 'store/database.ts'],
    reason: 'knows sandboxes by path and containers by name, and keeps its own tables',
  },
  volume: {
    mayImport: ['sys', 'archive', 'log', 'store/database.ts'],
    reason: 'directories with names; who mounts them is read from the database',
  },
  dockerignore: {
    mayImport: [],
    reason: 'path patterns as such; both ends of the connection apply them',
  },
  build: {
    mayImport: ['dockerignore', 'image', 'archive', 'store', 'sys', 'wire/go-duration.ts', 'log'],
    reason: 'Dockerfiles to layers; who runs the commands and fetches the images is handed in',
  },
  engine: {
    mayImport: [
      'build',
      'network',
      'volume',
      'runtime',
      'log-drivers',
      'store',
      'archive',
      'image',
      'registry',
      'sys',
      'log',
    ],
    reason: 'the services; it speaks its own types, so the API can change without it',
  },
  grpc: { mayImport: [], reason: 'a protocol; it knows none of what is called by it' },
  buildkit: {
    mayImport: [
      'engine',
      'grpc',
      'archive/read-tar.ts',
      'archive/write-tar.ts',
      'dockerignore',
      'image',
      'log',
    ],
    reason: 'a door: translates between the calls of BuildKit and the builder',
  },
  api: {
    mayImport: [
      'engine',
      'buildkit',
      'wire',
      'image',
      'runtime/spec.ts',
      'network/network.ts',
      'log-drivers/options.ts',
      'dockerignore/path-pattern.ts',
      'log',
    ],
    reason:
      'a door: translates between HTTP and the services; beyond them it knows the values that their types are made of',
  },
  bootstrap: {
    mayImport: ['image', 'archive/write-tar.ts'],
    reason: 'images from packages, by tools of the machine that the command line runs on; it knows no daemon',
  },
  client: { mayImport: ['wire'], reason: 'small enough to be loaded by every command' },
  compose: {
    mayImport: ['client', 'wire', 'archive/write-tar.ts'],
    reason: 'a client of the API: files to a project, a project to requests, and what is sent through it',
  },
  cli: {
    mayImport: [
      'client',
      'compose',
      'bootstrap',
      'wire',
      'image/platform.ts',
      'archive/read-tar.ts',
      'archive/write-tar.ts',
      'dockerignore',
    ],
    reason:
      'drives any Docker-compatible daemon, so it knows only the API, and the format of what is sent through it',
  },
  daemon: {
    mayImport: [
      'api',
      'buildkit',
      'engine',
      'build',
      'network',
      'volume',
      'runtime',
      'log-drivers',
      'store',
      'archive',
      'image',
      'registry',
      'sys',
      'wire',
      'log',
    ],
    reason: 'the composition root: the one place that knows all parts',
  },
};

/** Promises about everything that is reachable, not just about direct imports. */
export interface ClosureRule {
  room: string;
  /** Rooms that may be reached, besides the room itself. */
  mayReach: readonly string[];
  /** Builtins and packages that may not be reached. */
  mayNotUse: readonly string[];
  reason: string;
}

export const closureRules: readonly ClosureRule[] = [
  {
    room: 'cli',
    mayReach: ['client', 'compose', 'bootstrap', 'wire', 'errors', 'image', 'archive', 'dockerignore'],
    mayNotUse: ['koffi', 'node:sqlite', 'node:http'],
    reason: 'each import on the way of `dhow run` costs as much as a container',
  },
  {
    room: 'client',
    mayReach: ['wire', 'errors'],
    mayNotUse: ['koffi', 'node:sqlite', 'node:http'],
    reason: 'whoever embeds the client must not carry the engine',
  },
  {
    room: 'image',
    mayReach: ['errors'],
    mayNotUse: [
      'koffi',
      'node:fs',
      'node:fs/promises',
      'node:net',
      'node:http',
      'node:https',
      'node:child_process',
    ],
    reason: 'pure code can be used and tested anywhere',
  },
];

/** Files that nobody imports because they are started: by `bin/dhow` or as worker threads. */
export const entryPoints: ReadonlySet<string> = new Set([
  'src/cli/main.ts',
  'src/daemon/main.ts',
  'src/archive/archive-worker.ts',
  'src/sys/epoll-worker.ts',
  'src/network/relay-worker.ts',
]);
