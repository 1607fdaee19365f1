import type { Client } from '#client/client.ts';
import { createExec, inspectExec, startExec } from '#client/exec.ts';
import { dropUndefined } from '#compose/drop-undefined.ts';
import type { Hook } from '#compose/plan.ts';
import { DhowError } from '#errors/error.ts';
import { RawStreamDecoder } from '#wire/raw-stream.ts';

/** Of the output that is told when a hook fails. */
const keptBytes = 4 * 1024;

/**
 * Runs a command of the file in a container and waits for its end.
 * @throws Internal with the end of its output when it does not end with 0
 */
export async function runHook(
  client: Client,
  container: string,
  hook: Hook,
  signal: AbortSignal,
): Promise<void> {
  const command = hook.command ?? [];
  const { Id: id } = await createExec(
    client,
    container,
    {
      AttachStdout: true,
      AttachStderr: true,
      Cmd: command,
      ...dropUndefined({
        Env: hook.environment && environmentOf(hook.environment),
        Privileged: hook.privileged,
        User: hook.user,
        WorkingDir: hook.working_dir,
      }),
    },
    signal,
  );
  const { stream } = await startExec(client, id, {}, signal);
  const decoder = new RawStreamDecoder();
  let output = Buffer.alloc(0);
  for await (const piece of stream) {
    for (const { bytes } of decoder.push(piece as Buffer)) {
      output = Buffer.concat([output, bytes]).subarray(-keptBytes);
    }
  }
  signal.throwIfAborted();
  const { ExitCode: code } = await inspectExec(client, id, signal);
  if (code === 0) return;
  const told = output.toString().trim();
  throw new DhowError(
    'Internal',
    `the hook "${command.join(' ')}" ended with code ${code}${told === '' ? '' : `: ${told}`}`,
  );
}

/** A variable without a value is taken out of the container's environment. */
function environmentOf(variables: Readonly<Record<string, string | null>>): string[] {
  return Object.entries(variables).map(([key, value]) => (value === null ? key : `${key}=${value}`));
}
