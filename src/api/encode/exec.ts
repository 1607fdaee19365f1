import type { ExecView } from '#engine/containers.ts';
import type { ExecInspect } from '#wire/exec.ts';

/** Answer of `GET /exec/{id}/json`. */
export function encodeExec(view: ExecView): ExecInspect {
  const { settings } = view;
  const [entrypoint = '', ...words] = settings.command;
  return {
    ID: view.id,
    Running: view.running,
    ExitCode: view.exitCode ?? null,
    ProcessConfig: {
      tty: settings.terminal,
      entrypoint,
      arguments: words,
      privileged: settings.privileged,
      ...(settings.user === '' ? {} : { user: settings.user }),
    },
    OpenStdin: settings.attachStdin,
    OpenStderr: settings.attachStderr,
    OpenStdout: settings.attachStdout,
    CanRemove: view.exitCode !== undefined,
    ContainerID: view.containerId,
    DetachKeys: settings.detachKeys,
    Pid: view.pid,
  };
}
