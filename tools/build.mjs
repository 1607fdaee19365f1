// Bundles one file per entry point into dist/, or into the directory that is named: what users run starts in a few
// milliseconds and needs no src/.
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { build } from 'esbuild';
import { writeCodeCache } from './build/code-cache.mjs';

const root = path.dirname(import.meta.dirname);
const target = path.resolve(process.argv[2] ?? path.join(root, 'dist'));
// Moved to its place when it is complete: the CLI may be started meanwhile.
const outdir = `${target}.${process.pid}`;
process.on('exit', () => fs.rmSync(outdir, { recursive: true, force: true }));
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
  // koffi finds its native part by its own path.
  external: ['koffi'],
  legalComments: 'none',
  logLevel: 'warning',
};
const cli = path.join(outdir, 'cli/main.js');

await Promise.all([
  build({
    ...common,
    outdir,
    format: 'esm',
    // For the packages that are still CommonJS.
    banner: {
      js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);",
    },
    outExtension: { '.js': '.mjs' },
    entryPoints: {
      daemon: path.join(root, 'src/daemon/main.ts'),
      'archive-worker': path.join(root, 'src/archive/archive-worker.ts'),
      'epoll-worker': path.join(root, 'src/sys/epoll-worker.ts'),
      'relay-worker': path.join(root, 'src/network/relay-worker.ts'),
    },
  }),
  // One function in one file, whose modules are evaluated when they are first used: several milliseconds before ES modules.
  build({
    ...common,
    outfile: cli,
    // Read by `compose` only: every other command would read its text for nothing.
    external: [...common.external, 'yaml'],
    format: 'cjs',
    minify: true,
    define: { ...define, 'import.meta.dirname': 'directory' },
    supported: { 'dynamic-import': false },
    banner: { js: '(function (require, directory) {' },
    footer: { js: '})' },
    entryPoints: [path.join(root, 'src/cli/main.ts')],
  }),
]);
await writeCodeCache(cli, path.join(outdir, 'cli/main.cache'));
fs.rmSync(target, { recursive: true, force: true });
fs.renameSync(outdir, target);
