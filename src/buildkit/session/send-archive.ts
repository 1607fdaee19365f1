import { sessionMethods } from '#buildkit/messages/session.ts';
import type { Session } from '#buildkit/session/sessions.ts';
import { DhowError } from '#errors/error.ts';

/** Small enough for every client's limit of a message. */
const chunkBytes = 1024 * 1024;

/**
 * Sends an archive to where the client wants the result of an exporter.
 * @param exporter its position in the build's request
 * @throws Unsupported; what the client says
 */
export async function sendArchive(
  session: Session,
  exporter: number,
  archive: AsyncIterable<Uint8Array>,
  signal: AbortSignal,
): Promise<void> {
  if (!session.offers(sessionMethods.takeArchive))
    throw new DhowError('Unsupported', 'the client takes no files');
  const headers = { 'buildkit-attachable-exporter-id': String(exporter) };
  const call = session.client.open(sessionMethods.takeArchive, { headers, signal });
  for await (const piece of archive) {
    for (let at = 0; at < piece.length; at += chunkBytes) {
      await call.send({ data: piece.subarray(at, at + chunkBytes) });
    }
  }
  call.end();
  for await (const _nothing of call.messages);
}
