import { createLogSession, createSession, tellingOfDetach } from '#engine/containers/attach.ts';
import { emitContainerEvent } from '#engine/containers/container-events.ts';
import { logPlanOf } from '#engine/containers/log-plan.ts';
import { followLogs } from '#engine/containers/logs.ts';
import { findContainer, isLive } from '#engine/containers/lookup.ts';
import type { ContainerContext } from '#engine/containers/parts.ts';
import type { ContainerRecord } from '#engine/containers/table.ts';
import type { AttachOptions, AttachSession } from '#engine/containers.ts';
import { DhowError } from '#errors/error.ts';
import type { LogEntry } from '#runtime/logs.ts';

/** See `ContainerService.attach`. */
export function attachContainer(
  context: ContainerContext,
  nameOrId: string,
  options: AttachOptions,
): AttachSession {
  const record = findContainer(context.table, nameOrId);
  const { status } = record.state;
  if (status === 'paused') {
    throw new DhowError('Conflict', `container ${record.id} is paused. unpause the container before attach`);
  }
  if (status === 'restarting') {
    throw new DhowError(
      'Conflict',
      `container ${record.id} is restarting. wait until the container is running`,
    );
  }
  const session = openSession(context, record, options);
  emitContainerEvent(context, record, 'attach');
  return tellingOfDetach(session, () => emitContainerEvent(context, record, 'detach'));
}

function openSession(
  context: ContainerContext,
  record: ContainerRecord,
  options: AttachOptions,
): AttachSession {
  const { terminal } = record.settings;
  const wishes = { ...options, stdin: options.stdin && record.settings.openStdin };

  function liveSession(): AttachSession {
    const session = isLive(record)
      ? createSession(terminal, context.runtime.attach(record.id, { observer: !wishes.stdin }), wishes)
      : context.hub.openPending(record.id, terminal, wishes);
    return endingWithExit(context, record, session);
  }
  if (!options.fromLogs || !logPlanOf(record).readable) return liveSession();

  const abort = new AbortController();
  const query = { stdout: options.stdout, stderr: options.stderr, follow: options.stream };
  async function* logged(): AsyncGenerator<LogEntry> {
    yield* await followLogs(context, record.id, query, abort.signal);
  }
  const input = options.stream && wishes.stdin ? liveSession() : undefined;
  return createLogSession(terminal, logged(), input, () => abort.abort());
}

/** Clients ask for the exit code as soon as the output ends, so the output ends after it is known. */
function endingWithExit(
  context: ContainerContext,
  record: ContainerRecord,
  session: AttachSession,
): AttachSession {
  const closed = new AbortController();
  const exited = context.waiters.wait(record.id, 'exit', closed.signal).catch(() => {});
  async function* output(): AttachSession['output'] & AsyncGenerator {
    yield* session.output;
    // Where the start has failed there is none.
    if (isLive(record)) await exited;
  }
  return {
    ...session,
    output: output(),
    close() {
      closed.abort();
      session.close();
    },
  };
}
