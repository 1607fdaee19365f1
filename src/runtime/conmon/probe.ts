import fs from 'node:fs';
import net from 'node:net';
import { DhowError } from '#errors/error.ts';
import type { RuntimeContext } from '#runtime/conmon/context.ts';
import { readSpec } from '#runtime/conmon/directories.ts';
import { encodeSpec } from '#runtime/conmon/encode-spec.ts';
import { composeExecProcess } from '#runtime/conmon/exec.ts';
import { ownerOutside } from '#runtime/conmon/give-stdio.ts';
import { readParent } from '#runtime/conmon/signals.ts';
import { closing } from '#runtime/conmon/start-pipe.ts';
import type { ProbeRequest, ProbeResult } from '#runtime/runtime.ts';
import { hasCode } from '#sys/libc.ts';
import { openPidfd, signalPidfd } from '#sys/pidfd.ts';
import { openPipe } from '#sys/pipe.ts';
import { reap, spawn } from '#sys/spawn.ts';

const SIGKILL = 9;

/**
 * See `Runtime.probe`. The OCI runtime itself is our child and waits for the process: no monitor, no attach socket, no exit file, which
 * together cost more than the probe.
 */
export async function probeContainer(
  context: RuntimeContext,
  request: ProbeRequest,
  signal: AbortSignal,
): Promise<ProbeResult> {
  signal.throwIfAborted();
  const container = context.directories.container(request.containerId);
  const spec = readSpec(container);
  if (!spec) {
    throw new DhowError('Conflict', `container ${request.containerId} is not running`, {
      reason: 'not-running',
    });
  }
  const process = composeExecProcess({ ...request, terminal: false, privileged: false }, spec, container);
  const { program, state } = context.makers.of(request.containerId);
  const processFile = container.file('probe.json');
  const pidFile = container.file('probe.pid');
  fs.writeFileSync(processFile, encodeSpec(process), { mode: 0o600 });
  fs.rmSync(pidFile, { force: true });

  const { promise: exited, resolve } = Promise.withResolvers<number>();
  const { readFd, writeFd } = openPipe();
  const owner = ownerOutside(spec, process);
  if (owner !== undefined) fs.fchownSync(writeFd, owner.uid, owner.gid);
  using output = collectOutput(readFd, request.maxOutputBytes);
  let pid: number;
  let pidfd: number;
  try {
    pid = await spawn({
      path: program,
      args: [
        ...['--root', state, 'exec', '--process', processFile],
        ...['--pid-file', pidFile, request.containerId],
      ],
      env: { PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin' },
      descriptors: [1, 2].map((target) => ({ target, source: writeFd })),
      newSession: true,
    });
    pidfd = openPidfd(pid);
    context.poller.watchExit(openPidfd(pid), () => resolve(reap(pid) ?? 255));
  } finally {
    fs.closeSync(writeFd);
  }
  using _closePidfd = closing(pidfd);
  function kill(): void {
    killProbe(pidFile, { pid, pidfd });
  }
  signal.addEventListener('abort', kill, { once: true });
  try {
    const code = await exited;
    signal.throwIfAborted();
    return { code, output: output.take() };
  } finally {
    signal.removeEventListener('abort', kill);
    for (const file of [processFile, pidFile]) fs.rmSync(file, { force: true });
  }
}

/** The process goes first, as nobody would end it after the runtime that waits for it. */
function killProbe(pidFile: string, runtime: { pid: number; pidfd: number }): void {
  const pid = readPidFile(pidFile);
  if (pid !== undefined) {
    const pidfd = unlessGone(() => openPidfd(pid));
    if (pidfd !== undefined) {
      using _closePidfd = closing(pidfd);
      // Only as the runtime's child it is surely ours.
      if (readParent(pid) === runtime.pid) unlessGone(() => signalPidfd(pidfd, SIGKILL));
    }
  }
  unlessGone(() => signalPidfd(runtime.pidfd, SIGKILL));
}

function readPidFile(file: string): number | undefined {
  try {
    return Number(fs.readFileSync(file, 'utf8')) || undefined;
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return undefined;
    throw error;
  }
}

function unlessGone<T>(call: () => T): T | undefined {
  try {
    return call();
  } catch (error) {
    if (hasCode(error, 'ESRCH')) return undefined;
    throw error;
  }
}

/** Keeps the beginning of what is written and drops the rest, so that nobody waits for a reader. */
function collectOutput(fd: number, limit: number): Disposable & { take(): Buffer } {
  const pipe = new net.Socket({ fd, readable: true, writable: false });
  const chunks: Buffer[] = [];
  let size = 0;
  function keep(chunk: Buffer): void {
    if (size < limit) chunks.push(chunk.subarray(0, limit - size));
    size += chunk.length;
  }
  pipe.on('data', (data) => keep(data as Buffer));
  pipe.on('error', () => {});
  return {
    /** What is still in the pipe was written before the process ended; its end may never come, as a child can hold it. */
    take() {
      pipe.pause();
      readRest(fd, keep, limit);
      return Buffer.concat(chunks);
    },
    [Symbol.dispose]: () => void pipe.destroy(),
  };
}

function readRest(fd: number, keep: (chunk: Buffer) => void, limit: number): void {
  for (let total = 0; total < limit; ) {
    const piece = Buffer.allocUnsafe(limit);
    try {
      const length = fs.readSync(fd, piece);
      if (length === 0) return;
      keep(piece.subarray(0, length));
      total += length;
    } catch (error) {
      // EAGAIN: nothing is left. EBADF: the stream has found the end and closed.
      if (hasCode(error, 'EAGAIN', 'EBADF')) return;
      throw error;
    }
  }
}
