import { Fields } from '#api/decode/fields.ts';
import { encodeVolume } from '#api/encode/volumes.ts';
import type { Exchange } from '#api/http/exchange.ts';
import type { Route } from '#api/http/router.ts';
import { serveBytes } from '#api/streams/bytes.ts';
import type { Engine } from '#engine/engine.ts';
import { DhowError } from '#errors/error.ts';
import { mediaTypes } from '#wire/media-types.ts';
import type { VolumeCloneResponse } from '#wire/volumes.ts';

/** What Docker has no operations for: volumes under another name, copied, out of an archive and into one. */
export function volumeContentRoutes(volumes: Engine['volumes']): Route[] {
  async function rename(exchange: Exchange): Promise<void> {
    const newName = exchange.query.text('name');
    if (newName === '') {
      throw new DhowError('InvalidParameter', 'bad parameter: the parameter name is missing');
    }
    await volumes.rename(exchange.parameter('name'), newName);
    exchange.sendEmpty(204);
  }

  async function clone(exchange: Exchange): Promise<void> {
    const source = volumes.get(exchange.parameter('name'));
    const fields = Fields.of(await exchange.readJson());
    const name = fields.text('Name');
    const labels = fields.has('Labels') ? fields.textMap('Labels') : source.labels;
    const options = fields.textMap('DriverOpts');
    const writers = volumes.writersOf(source.name);
    const { volume, sharesBlocks } = await volumes.clone(source.name, {
      ...(name === '' ? {} : { name }),
      ...{ labels, options, anonymous: false },
    });
    const body: VolumeCloneResponse = {
      ...encodeVolume(volume),
      SharesBlocks: sharesBlocks,
      Warnings: writers.map(
        (writer) =>
          `container "${writer}" may have written to ${source.name} meanwhile: the copy may be torn`,
      ),
    };
    exchange.sendJson(201, body);
  }

  async function fill(exchange: Exchange): Promise<void> {
    const { request, signal } = exchange;
    const volume = await volumes.import({ name: exchange.parameter('name') }, request, signal);
    exchange.sendJson(201, encodeVolume(volume));
  }

  return [
    { method: 'POST', path: '/volumes/{name}/rename', handler: rename },
    { method: 'POST', path: '/volumes/{name}/clone', handler: clone },
    { method: 'POST', path: '/volumes/{name}/import', handler: fill },
    {
      method: 'GET',
      path: '/volumes/{name}/export',
      handler: (exchange) =>
        serveBytes(exchange, mediaTypes.tar, volumes.export(exchange.parameter('name'), exchange.signal)),
    },
  ];
}
