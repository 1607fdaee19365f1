import type { Exchange } from '#api/http/exchange.ts';

/**
 * Answers with bytes as they come, at the client's pace. A failure before the first byte has a status; after it, the cut
 * connection is the only honest end.
 */
export async function serveBytes(
  exchange: Exchange,
  contentType: string,
  bytes: AsyncIterable<Uint8Array>,
): Promise<void> {
  const pieces = bytes[Symbol.asyncIterator]();
  let piece = await pieces.next();
  const stream = exchange.openStream(contentType);
  try {
    for (; !piece.done; piece = await pieces.next()) await stream.write(piece.value, exchange.signal);
    stream.end();
  } catch (error) {
    exchange.report(error);
    exchange.destroy();
  } finally {
    await pieces.return?.();
  }
}
