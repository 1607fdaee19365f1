import fs from 'node:fs';
import { DhowError } from '#errors/error.ts';
import { collectOutput } from '#runtime/conmon/collect-output.ts';
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
  if (process.apparmorProfile !== undefined) await context.ensureProfile(process.apparmorProfile);
  const { program, state } = context.makers.of(request.containerId);
  const processFile = container.file('probe.json');
  const pidFile = container.file('probe.pid');
  fs.writeFileSync(processFile, encodeSpec(process), { mode: 0o600 });
  fs.rmSync(pidFile, { force: true });

  const { promise: exited, resolve } = Promise.withResolvers<number>();
  const { readFd, writeFd } = openPipe();
  // Not /dev/null, which would be the host's: crun gives its user what is his stdin.
  const noInput = openPipe();
  fs.closeSync(noInput.writeFd);
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
      descriptors: [
        { target: 0, source: noInput.readFd },
        ...[1, 2].map((target) => ({ target, source: writeFd })),
      ],
      newSession: true,
    });
    pidfd = openPidfd(pid);
    context.poller.watchExit(openPidfd(pid), () => resolve(reap(pid) ?? 255));
  } finally {
    fs.closeSync(noInput.readFd);
    fs.closeSync(writeFd);
  }
  using _closePidfd = closing(pidfd);
  function kill(): void {
    killProbe(pidFile, { pid, pidfd });
  }
  signal.addEventListener('abort', kill, { once: true });
  // On a busy machine the time may be up before the runtime has begun, and an event that has been does not come again.
  if (signal.aborted) kill();
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
