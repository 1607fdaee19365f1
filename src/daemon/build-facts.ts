declare const DHOW_VERSION: string | undefined;
declare const DHOW_COMMIT: string | undefined;
declare const DHOW_BUILD_TIME: string | undefined;

/** Filled in by tools/build.mjs; a daemon that runs from its sources says so. */
export const buildFacts = {
  version: typeof DHOW_VERSION === 'string' ? DHOW_VERSION : '0.1.0',
  gitCommit: typeof DHOW_COMMIT === 'string' ? DHOW_COMMIT : 'source',
  buildTime: typeof DHOW_BUILD_TIME === 'string' ? DHOW_BUILD_TIME : '',
};

const bundled = import.meta.url.endsWith('.mjs');

/** Where the worker threads' code lies: beside the bundle, or in its room. */
export const workerUrls = {
  archive: bundled
    ? new URL('./archive-worker.mjs', import.meta.url)
    : new URL('../archive/archive-worker.ts', import.meta.url),
  poller: bundled
    ? new URL('./epoll-worker.mjs', import.meta.url)
    : new URL('../sys/epoll-worker.ts', import.meta.url),
  relay: bundled
    ? new URL('./relay-worker.mjs', import.meta.url)
    : new URL('../network/relay-worker.ts', import.meta.url),
};
