import type { Fields } from '#api/decode/fields.ts';
import type { RestartPolicy } from '#engine/container-settings.ts';
import { DhowError } from '#errors/error.ts';

const names = ['no', 'always', 'on-failure', 'unless-stopped'] as const satisfies RestartPolicy['name'][];

/** @throws InvalidParameter in Docker's words */
export function decodeRestartPolicy(fields: Fields): RestartPolicy {
  const text = fields.text('Name') || 'no';
  const name = names.find((known) => known === text);
  if (name === undefined) {
    throw new DhowError(
      'InvalidParameter',
      `invalid restart policy: unknown policy '${text.slice(0, 60)}'; use one of 'no', 'always', 'on-failure', or 'unless-stopped'`,
    );
  }
  const maximumRetryCount = fields.integer('MaximumRetryCount');
  if (maximumRetryCount < 0) {
    throw new DhowError('InvalidParameter', 'invalid restart policy: maximum retry count cannot be negative');
  }
  if (maximumRetryCount > 0 && name !== 'on-failure') {
    throw new DhowError(
      'InvalidParameter',
      "invalid restart policy: maximum retry count can only be used with 'on-failure'",
    );
  }
  return { name, maximumRetryCount };
}
