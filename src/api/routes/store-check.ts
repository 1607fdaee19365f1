import type { Exchange } from '#api/http/exchange.ts';
import type { Route } from '#api/http/router.ts';
import { serveProgress } from '#api/streams/progress.ts';
import type { StoreCheckService } from '#engine/store-check.ts';
import type { StoreCheckResult } from '#wire/store-check.ts';

/** Checking and mending what is kept of images. Docker has nothing like it. */
export function storeCheckRoutes(check: StoreCheckService): Route[] {
  async function run(exchange: Exchange): Promise<void> {
    const repair = exchange.query.flag('repair');
    await serveProgress(exchange, async (emit) => {
      const problems = await check.run({
        repair,
        onProgress: ({ subject, done, total }) =>
          emit({
            id: subject.replace(/^sha256:/, '').slice(0, 12),
            status: 'Checking',
            progressDetail: { current: done, total, hidecounts: true },
          }),
        signal: exchange.signal,
      });
      const result: StoreCheckResult = {
        Problems: problems.map(({ kind, subject, detail, outcome, remedy }) => ({
          Kind: kind,
          Subject: subject,
          Detail: detail,
          Outcome: outcome,
          Remedy: remedy,
        })),
      };
      emit({ aux: result });
    });
  }

  return [{ method: 'POST', path: '/system/check', handler: run }];
}
