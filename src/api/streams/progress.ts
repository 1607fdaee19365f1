import type { Exchange } from '#api/http/exchange.ts';
import type { ResponseStream } from '#api/http/response-stream.ts';
import { messageOf } from '#errors/error.ts';
import { encodeJsonLine } from '#wire/json-lines.ts';
import { mediaTypes } from '#wire/media-types.ts';
import type { ProgressMessage } from '#wire/progress.ts';

/**
 * Answers with the lines that `work` emits. The answer begins with the first line, so a failure before it still has a
 * status; a failure after it is the last line. Byte counts are dropped while the client does not read.
 */
export async function serveProgress(
  exchange: Exchange,
  work: (emit: (message: ProgressMessage) => void) => Promise<void>,
): Promise<void> {
  let stream: ResponseStream | undefined;
  function emit(message: ProgressMessage): void {
    if (exchange.signal.aborted) return;
    stream ??= exchange.openStream(mediaTypes.json);
    const isCount = message.progressDetail?.current !== undefined;
    if (!(isCount && stream.congested)) stream.push(encodeJsonLine(message));
  }
  try {
    await work(emit);
    stream ??= exchange.openStream(mediaTypes.json);
  } catch (error) {
    if (stream === undefined) throw error;
    exchange.report(error);
    emit({ errorDetail: { message: messageOf(error) }, error: messageOf(error) });
  }
  stream.end();
}
