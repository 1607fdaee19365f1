import type { Client } from '#client/client.ts';
import { decodeJsonLines } from '#wire/json-lines.ts';
import type { ProgressMessage } from '#wire/progress.ts';

/** The daemon's progress; the message with `aux` is the result, a `StoreCheckResult`. Only Dhow's daemon does this. */
export async function checkStore(
  client: Client,
  repair: boolean,
  signal?: AbortSignal,
): Promise<AsyncIterable<ProgressMessage>> {
  const query = repair ? { repair: true } : {};
  const response = await client.request({ method: 'POST', path: '/system/check', query }, signal);
  return decodeJsonLines(response.body) as AsyncIterable<ProgressMessage>;
}
