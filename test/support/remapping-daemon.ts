import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import type { Cli } from './cli.ts';
import { type Daemon, startDaemon } from './daemon.ts';
import { importBase } from './describe-engine.ts';
import { giveSubordinateIds, type SubordinateIds } from './subordinate-ids.ts';

/** A daemon whose containers have ids of their own (`userns-remap`), with the image `busybox`. */
export interface RemappingDaemon extends AsyncDisposable {
  readonly daemon: Daemon;
  readonly docker: Cli;
  readonly ids: SubordinateIds;
  /** Of its containers, as /proc/self/uid_map has it when `compact` has been at it. */
  readonly mapping: string;
  /** On the host, of a container's first process. */
  pidOf(container: string): Promise<string>;
  /** `owner:group` of what a container has written, as it lies on disk. */
  ownerOnDisk(container: string, file: string): Promise<string>;
  /** What `run --rm` with these arguments prints, which is the same in a container that keeps the host's ids. */
  outOfBoth(...args: string[]): Promise<string>;
}

export const compact = (text: string): string => text.replace(/[ \t]+/g, ' ').trim();

export async function startRemappingDaemon(): Promise<RemappingDaemon> {
  await using undo = new AsyncDisposableStack();
  const ids = undo.use(await giveSubordinateIds());
  const daemon = undo.use(await startDaemon({ args: ['--userns-remap', ids.user] }));
  await importBase(daemon);
  const docker = daemon.cli('docker');
  const started = undo.move();
  return {
    daemon,
    docker,
    ids,
    mapping: `0 ${ids.first} 65536\n 65536 ${ids.second} 10`,
    pidOf: (container) => docker.out('inspect', '--format', '{{.State.Pid}}', container),
    async ownerOnDisk(container, file) {
      const id = await docker.out('inspect', '--format', '{{.Id}}', container);
      const { uid, gid } = fs.lstatSync(path.join(daemon.dataRoot, 'containers', id, 'upper', file));
      return `${uid}:${gid}`;
    },
    async outOfBoth(...args) {
      const own = await docker.out('run', '--rm', ...args);
      assert.equal(await docker.out('run', '--rm', '--userns', 'host', ...args), own);
      return own;
    },
    [Symbol.asyncDispose]: () => started.disposeAsync(),
  };
}
