import { decodeRunConfig } from '#api/decode/run-config.ts';
import type { Exchange } from '#api/http/exchange.ts';
import type { Route } from '#api/http/router.ts';
import type { Engine } from '#engine/engine.ts';

export function commitRoutes({ commits }: Pick<Engine, 'commits'>): Route[] {
  async function commit(exchange: Exchange): Promise<void> {
    const { query, signal } = exchange;
    const runConfig = decodeRunConfig(await exchange.readJson());
    const repository = query.text('repo');
    const tag = query.text('tag');
    const image = await commits.commit(query.text('container'), {
      ...(repository === '' ? {} : { reference: tag === '' ? repository : `${repository}:${tag}` }),
      author: query.text('author'),
      comment: query.text('comment'),
      // Clients send one parameter of several lines, or several parameters.
      changes: query
        .texts('changes')
        .flatMap((text) => text.split('\n').filter((line) => line.trim() !== '')),
      runConfig,
      pause: query.optionalText('pause') === undefined || query.flag('pause'),
      signal,
    });
    exchange.sendJson(201, { Id: image.id });
  }

  return [{ method: 'POST', path: '/commit', handler: commit }];
}
