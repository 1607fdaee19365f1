import { decodeEnvironment } from '#api/decode/container-config.ts';
import { Fields } from '#api/decode/fields.ts';
import type { ExecSettings } from '#engine/containers.ts';
import { DhowError } from '#errors/error.ts';
import { parseDetachKeys } from '#wire/detach-keys.ts';

/** Body of `POST /containers/{id}/exec`. @throws InvalidParameter naming the field */
export function decodeExecCreate(body: unknown): ExecSettings {
  const fields = Fields.of(body);
  const command = fields.words('Cmd') ?? [];
  if (command.length === 0) throw new DhowError('InvalidParameter', 'no exec command specified');
  const detachKeys = fields.text('DetachKeys');
  parseDetachKeys(detachKeys);
  const consoleSize = fields.size('ConsoleSize');
  return {
    command,
    environment: decodeEnvironment(fields),
    workingDirectory: fields.text('WorkingDir'),
    user: fields.text('User'),
    terminal: fields.flag('Tty'),
    attachStdin: fields.flag('AttachStdin'),
    attachStdout: fields.flag('AttachStdout'),
    attachStderr: fields.flag('AttachStderr'),
    privileged: fields.flag('Privileged'),
    detachKeys,
    ...(consoleSize === undefined ? {} : { consoleSize }),
  };
}

/** Body of `POST /exec/{id}/start`. */
export function decodeExecStart(body: unknown): {
  detach: boolean;
  consoleSize?: { rows: number; columns: number };
} {
  const fields = Fields.of(body);
  const consoleSize = fields.size('ConsoleSize');
  return { detach: fields.flag('Detach'), ...(consoleSize === undefined ? {} : { consoleSize }) };
}
