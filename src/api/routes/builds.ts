import { decodeBuild } from '#api/decode/build.ts';
import { decodeCacheFilter } from '#api/decode/cache-filter.ts';
import { createClassicEncoder } from '#api/encode/build-classic.ts';
import { createEventEncoder } from '#api/encode/build-events.ts';
import type { Exchange } from '#api/http/exchange.ts';
import type { ResponseStream } from '#api/http/response-stream.ts';
import type { Route } from '#api/http/router.ts';
import type { BuildEvent, BuildService } from '#engine/builds.ts';
import { DhowError, messageOf } from '#errors/error.ts';
import type { BuildPruneResponse } from '#wire/build.ts';
import { encodeJsonLine } from '#wire/json-lines.ts';
import { mediaTypes } from '#wire/media-types.ts';
import type { ProgressMessage } from '#wire/progress.ts';

/** What may wait for a client that does not read. */
const maxUnreadBytes = 8 * 1024 * 1024;

export function buildRoutes(builds: BuildService): Route[] {
  async function build(exchange: Exchange): Promise<void> {
    const { query, signal } = exchange;
    const settings = decodeBuild(exchange);
    const quiet = query.flag('q');
    const encode = query.flag('dhow-events') ? createEventEncoder() : createClassicEncoder();
    let stream: ResponseStream | undefined;
    let exitCode: number | undefined;
    let unread = 0;
    const emit = (message: ProgressMessage): void => {
      if (signal.aborted) return;
      stream ??= exchange.openStream(mediaTypes.json);
      const line = encodeJsonLine(message);
      // A client that does not read must not fill the memory: first counts are dropped, then output.
      unread = stream.congested ? unread + line.length : 0;
      const isCount = message.progressDetail?.current !== undefined;
      const isOutput = message.stream !== undefined || message.aux !== undefined;
      if ((isCount && stream.congested) || (isOutput && unread > maxUnreadBytes)) return;
      stream.push(line);
    };
    /** Shown only when a quiet build fails. */
    let held: ProgressMessage[] = [];
    const onEvent = (event: BuildEvent): void => {
      if (event.type === 'failed') exitCode ??= event.exitCode;
      for (const message of encode(event)) {
        if (quiet) held.push(message);
        else emit(message);
      }
    };
    try {
      const result = await builds.build({ ...settings, onEvent });
      if (quiet && result !== undefined) emit({ stream: `${result.id}\n` });
      stream ??= exchange.openStream(mediaTypes.json);
    } catch (error) {
      if (stream === undefined && held.length === 0) throw error;
      exchange.report(error);
      for (const message of held) emit(message);
      held = [];
      const message = messageOf(error);
      emit({
        errorDetail: { ...(exitCode === undefined ? {} : { code: exitCode }), message },
        error: message,
      });
    }
    stream?.end();
  }

  async function prune(exchange: Exchange): Promise<void> {
    const { query } = exchange;
    for (const name of ['min-free-space']) {
      if (query.text(name) !== '')
        throw new DhowError('Unsupported', `pruning with ${name} is not supported`);
    }
    // Docker 28 and before: keep-storage.
    const keep = ['reserved-space', 'max-used-space', 'keep-storage'].map((name) => query.integer(name) ?? 0);
    const keepBytes = Math.max(...keep);
    const { removed, freedBytes } = await builds.prune({
      isWanted: decodeCacheFilter(query, new Date()),
      ...(keepBytes > 0 ? { keepBytes } : {}),
    });
    const answer: BuildPruneResponse = { CachesDeleted: removed, SpaceReclaimed: freedBytes };
    exchange.sendJson(200, answer);
  }

  return [
    { method: 'POST', path: '/build', handler: build },
    { method: 'POST', path: '/build/prune', handler: prune },
  ];
}
