import fs from 'node:fs';
import { quietly } from '#errors/quietly.ts';
import { capabilitySets } from '#runtime/build-spec.ts';
import { awaitProcess } from '#runtime/conmon/container.ts';
import type { RuntimeContext } from '#runtime/conmon/context.ts';
import { type ProcessDirectory, readPid, readSpec, writeDocument } from '#runtime/conmon/directories.ts';
import { encodeSpec } from '#runtime/conmon/encode-spec.ts';
import { supervise } from '#runtime/conmon/exits.ts';
import { givePipes, ownerOutside } from '#runtime/conmon/give-stdio.ts';
import { drainAtExit } from '#runtime/conmon/inspect.ts';
import { readSyncMessage, type StartingMonitor, startMonitor } from '#runtime/conmon/monitor.ts';
import { notRunning, openProcess } from '#runtime/conmon/signals.ts';
import { closing, sendGo } from '#runtime/conmon/start-pipe.ts';
import { type ConmonConnection, connectStdio } from '#runtime/conmon/stdio.ts';
import type { OciProcess, OciSpec } from '#runtime/oci.ts';
import type { ExecHandle, ExecRequest } from '#runtime/runtime.ts';
import { buildEnvironment } from '#runtime/spec/environment.ts';
import { readOwnCapabilities } from '#runtime/spec-context.ts';
import { type ResolvedUser, resolveUser } from '#runtime/users.ts';
import { hasCode } from '#sys/libc.ts';
import { openPipe } from '#sys/pipe.ts';

/** See `Runtime.exec`. */
export async function execInContainer(
  context: RuntimeContext,
  request: ExecRequest,
  signal: AbortSignal,
): Promise<ExecHandle> {
  signal.throwIfAborted();
  context.cgroupMoves.anticipate();
  const container = context.directories.container(request.containerId);
  const spec = readSpec(container);
  if (!spec) throw notRunning(container);
  const process = composeExecProcess(request, spec, container);
  if (process.apparmorProfile !== undefined) await context.ensureProfile(process.apparmorProfile);
  const directory = context.directories.exec(request.execId);
  fs.mkdirSync(directory.path, { mode: 0o700 });
  await using undo = new AsyncDisposableStack();
  undo.defer(
    quietly('remove exec directory', () => fs.rmSync(directory.path, { recursive: true, force: true })),
  );
  context.exits.forget(request.execId);
  fs.writeFileSync(directory.file('container'), request.containerId);
  writeDocument(directory, 'process.json', encodeSpec(process));

  const owner = ownerOutside(spec, process);
  const { monitor, stdio } = await startHeld(context, request, directory, owner);
  if (stdio) undo.defer(quietly('close stdio', () => stdio.close()));
  const attempt = { program: request.args[0] ?? '', action: 'exec' } as const;
  const pid = await awaitProcess(monitor, directory, attempt, signal).catch((error: unknown) => {
    // Then the runtime complains of whatever it was at.
    throw hasEnded(container) ? notRunning(container) : error;
  });
  supervise(context, directory, monitor.exited);
  if (stdio) drainAtExit(context, directory, stdio);
  undo.move();
  return { pid, stdio };
}

/** include/linux/sched.h; kept by a zombie. */
const PF_EXITING = 0x4;

function hasEnded(container: ProcessDirectory): boolean {
  const pidfd = openProcess(container);
  if (pidfd === undefined) return true;
  try {
    const stat = fs.readFileSync(`/proc/${readPid(container)}/stat`, 'latin1');
    const [, , , , , , flags] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    // It is no zombie yet while it ends the others of its pid namespace.
    return (Number(flags) & PF_EXITING) !== 0;
  } catch (error) {
    if (hasCode(error, 'ENOENT', 'ESRCH')) return true;
    throw error;
  } finally {
    fs.closeSync(pidfd);
  }
}

/**
 * conmon waits with the process until we have attached, so that nothing of the output is lost, and until the pipes are their owner's: it
 * tells on one pipe that its socket is there, and lets the process run when it is told on another. It reads that other one twice, first
 * before it does anything at all.
 */
async function startHeld(
  context: RuntimeContext,
  request: ExecRequest,
  directory: ProcessDirectory,
  owner: { uid: number; gid: number } | undefined,
): Promise<{ monitor: StartingMonitor; stdio: ConmonConnection | undefined }> {
  const start = openPipe();
  using _closeStart = closing(start.writeFd);
  const attach = openPipe();
  let monitor: StartingMonitor;
  try {
    sendGo(start.writeFd);
    monitor = await startExecMonitor(context, request, directory, {
      _OCI_STARTPIPE: start.readFd,
      _OCI_ATTACHPIPE: attach.writeFd,
    });
  } catch (error) {
    fs.closeSync(attach.readFd);
    throw error;
  } finally {
    fs.closeSync(start.readFd);
    fs.closeSync(attach.writeFd);
  }
  const ready = await readSyncMessage(attach.readFd);
  // A monitor that died before is reported by its sync pipe.
  if (!ready) return { monitor, stdio: undefined };
  const stdio = connectStdio(context.poller, directory.file('attach'), {
    subject: `exec ${request.execId}`,
    linger: false,
  });
  if (!request.stdin) stdio.closeInput();
  if (owner !== undefined) givePipes(monitor.pid, owner);
  sendGo(start.writeFd);
  if (request.attached) return { monitor, stdio };
  stdio.close();
  return { monitor, stdio: undefined };
}

function startExecMonitor(
  context: RuntimeContext,
  request: ExecRequest,
  directory: ProcessDirectory,
  pipes: Record<string, number>,
): Promise<StartingMonitor> {
  return startMonitor(context, {
    directory,
    maker: context.makers.of(request.containerId),
    containerId: request.containerId,
    terminal: request.terminal,
    // crun would complain in the new terminal, which goes before anybody has read it.
    ownLog: request.terminal,
    // Never /dev/null, which would be the host's: crun gives its user what is his stdin.
    stdin: 'once',
    log: 'none',
    args: [...['--exec', '--exec-process-spec', directory.file('process.json')], '--exec-attach'],
    pipes,
  });
}

/**
 * The process is made like the container's, with the differences that were asked for. The user is looked up where the container's
 * processes see it, with all that is mounted there.
 */
export function composeExecProcess(
  request: Omit<ExecRequest, 'execId' | 'stdin' | 'attached'>,
  spec: OciSpec,
  container: ProcessDirectory,
): OciProcess {
  const { uid, gid, additionalGids, home } = resolveUserInside(request, container);
  const main = spec.process;
  const capabilities = request.privileged ? readOwnCapabilities() : (main.capabilities?.bounding ?? []);
  const { consoleSize } = request;
  return {
    terminal: request.terminal,
    ...(request.terminal && consoleSize && consoleSize.rows > 0 && consoleSize.columns > 0
      ? { consoleSize: { height: consoleSize.rows, width: consoleSize.columns } }
      : {}),
    user: { uid, gid, additionalGids },
    args: request.args,
    env: buildEnvironment(request.env, {
      ...(spec.hostname === undefined ? {} : { hostname: spec.hostname }),
      home,
      terminal: request.terminal,
    }),
    cwd: request.workingDirectory || main.cwd,
    capabilities: capabilitySets(uid, capabilities),
    ...(main.rlimits ? { rlimits: main.rlimits } : {}),
    noNewPrivileges: main.noNewPrivileges,
    ...(main.apparmorProfile ? { apparmorProfile: main.apparmorProfile } : {}),
    ...(main.oomScoreAdj === undefined ? {} : { oomScoreAdj: main.oomScoreAdj }),
  };
}

function resolveUserInside(
  { user, additionalGroups }: Pick<ExecRequest, 'user' | 'additionalGroups'>,
  container: ProcessDirectory,
): ResolvedUser {
  const pidfd = openProcess(container);
  if (pidfd === undefined) throw notRunning(container);
  using _closePidfd = closing(pidfd);
  try {
    return resolveUser(`/proc/${readPid(container)}/root`, user, additionalGroups);
  } catch (error) {
    // A process that ends keeps its pid until its monitor looks, but has no root any more.
    if (hasCode(error, 'ENOENT', 'ESRCH')) throw notRunning(container);
    throw error;
  }
}
