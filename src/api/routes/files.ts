import { encodeChanges, encodePathStat } from '#api/encode/files.ts';
import type { Exchange } from '#api/http/exchange.ts';
import type { Route } from '#api/http/router.ts';
import { serveBytes } from '#api/streams/bytes.ts';
import type { Engine } from '#engine/engine.ts';
import { DhowError } from '#errors/error.ts';
import { pathStatHeader } from '#wire/archive.ts';
import { mediaTypes } from '#wire/media-types.ts';

/** The files of containers: copying in and out, exporting, differences to the image. */
export function fileRoutes({ containers, files }: Pick<Engine, 'containers' | 'files'>): Route[] {
  /** @throws NotFound for the container before a missing path is told */
  function target(exchange: Exchange): { id: string; path: string } {
    const { id } = containers.get(exchange.parameter('id'));
    const path = exchange.query.text('path');
    if (path === '') throw new DhowError('InvalidParameter', 'bad parameter: the parameter path is missing');
    return { id, path };
  }

  async function stat(exchange: Exchange): Promise<void> {
    const { id, path } = target(exchange);
    exchange.setHeaders({ [pathStatHeader]: encodePathStat(await files.stat(id, path)) });
    exchange.sendEmpty(200);
  }

  async function read(exchange: Exchange): Promise<void> {
    const { id, path } = target(exchange);
    const { status, archive } = await files.read(id, path, exchange.signal);
    exchange.setHeaders({ [pathStatHeader]: encodePathStat(status) });
    await serveBytes(exchange, mediaTypes.tar, archive);
  }

  async function write(exchange: Exchange): Promise<void> {
    const { id, path } = target(exchange);
    await files.write(id, path, exchange.request, {
      keepTypes: exchange.query.flag('noOverwriteDirNonDir'),
      ownedByUser: exchange.query.flag('copyUIDGID'),
      signal: exchange.signal,
    });
    exchange.sendEmpty(200);
  }

  async function exportRoot(exchange: Exchange): Promise<void> {
    const { id } = containers.get(exchange.parameter('id'));
    await serveBytes(exchange, mediaTypes.binary, files.exportRoot(id, exchange.signal));
  }

  async function changes(exchange: Exchange): Promise<void> {
    exchange.sendJson(200, encodeChanges(await files.changes(exchange.parameter('id'))));
  }

  const archivePath = '/containers/{id}/archive';
  return [
    { method: 'HEAD', path: archivePath, handler: stat },
    { method: 'GET', path: archivePath, handler: read },
    { method: 'PUT', path: archivePath, handler: write },
    { method: 'GET', path: '/containers/{id}/export', handler: exportRoot },
    { method: 'GET', path: '/containers/{id}/changes', handler: changes },
  ];
}
