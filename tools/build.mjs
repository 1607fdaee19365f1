// Bundles one file per entry point into dist/: what users run starts in a few milliseconds and needs no src/.
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { build } from 'esbuild';

const root = path.dirname(import.meta.dirname);
const outdir = path.join(root, 'dist');
const version = JSON.parse(fs.readFileSync(path.join(root, 'package.json'), 'utf8')).version;

function gitCommit() {
  try {
    return execFileSync('git', ['-C', root, 'rev-parse', '--short', 'HEAD'], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    }).trim();
  } catch {
    return 'unknown';
  }
}

const define = {
  DHOW_VERSION: JSON.stringify(version),
  DHOW_COMMIT: JSON.stringify(gitCommit()),
  DHOW_BUILD_TIME: JSON.stringify(new Date().toISOString()),
};

const common = {
  bundle: true,
  platform: 'node',
  target: 'node26',
  define,
  outdir,
  // koffi finds its native part by its own path.
  external: ['koffi'],
  legalComments: 'none',
  logLevel: 'warning',
};

fs.rmSync(outdir, { recursive: true, force: true });
await Promise.all([
  build({
    ...common,
    format: 'esm',
    outExtension: { '.js': '.mjs' },
    entryPoints: {
      daemon: path.join(root, 'src/daemon/main.ts'),
      'archive-worker': path.join(root, 'src/archive/archive-worker.ts'),
      'epoll-worker': path.join(root, 'src/sys/epoll-worker.ts'),
    },
  }),
  build({
    ...common,
    format: 'esm',
    splitting: true,
    outdir: path.join(outdir, 'cli'),
    outExtension: { '.js': '.mjs' },
    minify: true,
    entryPoints: { main: path.join(root, 'src/cli/main.ts') },
  }),
]);
