import { randomBytes } from 'node:crypto';
import { createSession, tellingOfDetach } from '#engine/containers/attach.ts';
import { emitContainerEvent } from '#engine/containers/container-events.ts';
import { type ExecRecord, markExited } from '#engine/containers/exec-table.ts';
import { exitCodeOfFailure } from '#engine/containers/failure-code.ts';
import { linkVariables } from '#engine/containers/links.ts';
import { findContainer, requireRunning } from '#engine/containers/lookup.ts';
import { mergeEnvironment } from '#engine/containers/merge-config.ts';
import type { ContainerContext } from '#engine/containers/parts.ts';
import type { AttachSession, ExecSettings } from '#engine/containers.ts';
import { DhowError } from '#errors/error.ts';
import type { Exit } from '#runtime/runtime.ts';

/** @returns the exec's id. @throws Conflict when the container is not running or paused; InvalidParameter without a command */
export function createExec(context: ContainerContext, nameOrId: string, settings: ExecSettings): string {
  const container = findContainer(context.table, nameOrId);
  requireRunning(container);
  if (container.state.status === 'paused') {
    throw new DhowError('Conflict', `Container ${nameOrId} is paused, unpause the container before exec`);
  }
  if (settings.command.length === 0) throw new DhowError('InvalidParameter', 'No exec command specified');
  const record: ExecRecord = {
    id: randomBytes(32).toString('hex'),
    containerId: container.id,
    settings,
    status: 'created',
    pid: 0,
    exitCode: undefined,
    exitedAtMs: undefined,
    exited: Promise.withResolvers(),
  };
  context.execs.add(record);
  context.runtime.anticipate();
  emitContainerEvent(context, container, `exec_create: ${settings.command.join(' ')}`, { execID: record.id });
  return record.id;
}

/** @throws Conflict when it was started before or the container has stopped; reasons `executable-*` as for `start` */
export async function startExec(
  context: ContainerContext,
  execId: string,
  options: { detach: boolean; consoleSize?: { rows: number; columns: number } },
): Promise<AttachSession | undefined> {
  const exec = context.execs.get(execId);
  if (exec.status !== 'created') {
    throw new DhowError('Conflict', `exec command ${execId} has already been started`);
  }
  const container = findContainer(context.table, exec.containerId);
  requireRunning(container);
  exec.status = 'starting';
  const { settings } = exec;
  const consoleSize = options.consoleSize ?? settings.consoleSize;
  const workingDirectory = settings.workingDirectory || container.effective.workingDirectory;
  try {
    const handle = await context.runtime.exec(
      {
        containerId: container.id,
        execId,
        args: settings.command,
        env: mergeEnvironment(
          [...linkVariables(context, container), ...container.effective.environment],
          settings.environment,
        ),
        ...(workingDirectory === '' ? {} : { workingDirectory }),
        user: settings.user || container.effective.user,
        additionalGroups: container.settings.host.additionalGroups,
        terminal: settings.terminal,
        ...(consoleSize ? { consoleSize } : {}),
        stdin: settings.attachStdin && !options.detach,
        privileged: settings.privileged,
        attached: !options.detach,
      },
      AbortSignal.any([]),
    );
    exec.pid = handle.pid;
    // A short command may have been reported before this line runs.
    if (exec.exitCode === undefined) exec.status = 'running';
    emitContainerEvent(context, container, `exec_start: ${settings.command.join(' ')}`, { execID: exec.id });
    if (!handle.stdio) return undefined;
    const wishes = {
      stdin: settings.attachStdin,
      stdout: settings.attachStdout,
      stderr: settings.attachStderr,
    };
    const session = createSession(settings.terminal, Promise.resolve(handle.stdio), wishes);
    return tellingOfDetach(endingWithExit(session, exec), () =>
      emitContainerEvent(context, container, 'exec_detach', { execID: exec.id }),
    );
  } catch (error) {
    markExited(exec, exec.exitCode ?? exitCodeOfFailure(error, 126));
    throw error;
  }
}

/** The client asks for the exit code as soon as the output ends, so the output ends after the code is known. */
function endingWithExit(session: AttachSession, exec: ExecRecord): AttachSession {
  async function* output(): AttachSession['output'] & AsyncGenerator {
    yield* session.output;
    await exec.exited.promise;
  }
  return { ...session, output: output() };
}

/** Books the exit of an exec. @returns false when the id is not an exec's */
export function handleExecExit(context: ContainerContext, exit: Exit): boolean {
  const exec = context.execs.find(exit.id);
  if (!exec) return false;
  markExited(exec, exit.code);
  const container = context.table.get(exec.containerId);
  if (container) {
    emitContainerEvent(context, container, 'exec_die', { execID: exec.id, exitCode: String(exit.code) });
  }
  return true;
}
