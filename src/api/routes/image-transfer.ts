import { decodeOnlyPlatform, decodePlatform } from '#api/decode/platform.ts';
import { decodeRegistryAuth } from '#api/decode/registry-auth.ts';
import { familiar } from '#api/encode/images.ts';
import { createProgressEncoder, encodeLoadProgress } from '#api/encode/progress.ts';
import { createPushEncoder } from '#api/encode/push-progress.ts';
import { imageForPlatform } from '#api/filter/platform.ts';
import type { Exchange } from '#api/http/exchange.ts';
import type { Route } from '#api/http/router.ts';
import { serveBytes } from '#api/streams/bytes.ts';
import { serveProgress } from '#api/streams/progress.ts';
import type { ImageService, PullProgress } from '#engine/images.ts';
import { DhowError, kindOf, messageOf } from '#errors/error.ts';
import { mediaTypes } from '#wire/media-types.ts';
import type { ProgressMessage } from '#wire/progress.ts';

/** What brings images here and takes them elsewhere: pull, import, load, save. */
export function imageTransferRoutes(images: ImageService): Route[] {
  async function pull(exchange: Exchange, name: string): Promise<void> {
    const tag = exchange.query.text('tag');
    const platform = decodePlatform(exchange.query.text('platform'));
    const credentials = decodeRegistryAuth(exchange.header('x-registry-auth'));
    const reference = joinReference(name, tag);
    const encode = createProgressEncoder();
    await serveProgress(exchange, async (emit) => {
      // "Pulling from" waits for the next line: until the registry has answered, a failure still has a status.
      let held: ProgressMessage[] = [];
      const options = {
        ...(platform === undefined ? {} : { platform }),
        credentials,
        onProgress(progress: PullProgress) {
          const messages = [...held, ...encode(progress)];
          held = progress.phase === 'resolving' ? messages : [];
          if (held.length === 0) for (const message of messages) emit(message);
        },
        signal: exchange.signal,
      };
      const pulling =
        reference === undefined ? images.pullAll(name, options) : images.pull(reference, options);
      await pulling.catch(refuseWithoutAsking);
    });
  }

  /** @param url where the daemon downloads the tar; undefined: it is the body */
  async function importRoot(exchange: Exchange, url?: URL): Promise<void> {
    const { query, request, signal } = exchange;
    const platform = decodePlatform(query.text('platform'));
    const repository = query.text('repo');
    const tag = query.text('tag');
    await serveProgress(exchange, async (emit) => {
      if (url) emit({ status: `Downloading from ${url}` });
      const image = await images.import(url ?? request, {
        ...(repository === '' ? {} : { reference: tag === '' ? repository : `${repository}:${tag}` }),
        message: query.text('message'),
        changes: query.texts('changes'),
        ...(platform === undefined ? {} : { platform }),
        signal,
      });
      emit({ status: image.id });
    });
  }

  async function create(exchange: Exchange): Promise<void> {
    const fromImage = exchange.query.text('fromImage');
    const fromSource = exchange.query.text('fromSrc');
    if (fromImage !== '') return pull(exchange, fromImage);
    if (fromSource === '-') return importRoot(exchange);
    if (fromSource === '') throw new DhowError('InvalidParameter', 'fromImage or fromSrc must be given');
    return importRoot(exchange, sourceUrl(fromSource));
  }

  async function load(exchange: Exchange): Promise<void> {
    const { query, request, signal } = exchange;
    const platform = decodeOnlyPlatform(query.texts('platform'));
    const quiet = query.flag('quiet');
    await serveProgress(exchange, async (emit) => {
      const loaded = await images.load(request, {
        ...(platform === undefined ? {} : { platform }),
        onProgress(progress) {
          if (quiet) return;
          for (const message of encodeLoadProgress(progress)) emit(message);
        },
        signal,
      });
      for (const { image, names } of loaded) {
        if (names.length === 0) emit({ stream: `Loaded image ID: ${image.id}\n` });
        for (const name of names) emit({ stream: `Loaded image: ${familiar(name)}\n` });
      }
    });
  }

  async function save(exchange: Exchange, names: readonly string[]): Promise<void> {
    const { query, signal } = exchange;
    const platform = decodeOnlyPlatform(query.texts('platform'));
    const archive = images.save(names, { ...(platform === undefined ? {} : { platform }), signal });
    await serveBytes(exchange, mediaTypes.tar, archive);
  }

  async function push(exchange: Exchange): Promise<void> {
    const { query, signal } = exchange;
    const name = exchange.parameter('name');
    const tag = query.text('tag');
    const credentials = decodeRegistryAuth(exchange.header('x-registry-auth'));
    const named = tag === '' ? name : `${name}:${tag}`;
    const wanted = query.text('platform');
    const platform = wanted === '' ? undefined : imageForPlatform(images, named, wanted).platform;
    const encode = createPushEncoder();
    await serveProgress(exchange, (emit) =>
      images.push(named, {
        ...(platform === undefined ? {} : { platform }),
        allTags: tag === '' && !/:[^/]+$/.test(name),
        credentials,
        onProgress(progress) {
          for (const message of encode(progress)) emit(message);
        },
        signal,
      }),
    );
  }

  return [
    { method: 'POST', path: '/images/{name...}/push', handler: push },
    {
      method: 'GET',
      path: '/images/get',
      handler: (exchange) => save(exchange, exchange.query.texts('names')),
    },
    {
      method: 'GET',
      path: '/images/{name...}/get',
      handler: (exchange) => save(exchange, [exchange.parameter('name')]),
    },
    { method: 'POST', path: '/images/create', handler: create },
    { method: 'POST', path: '/images/load', handler: load },
  ];
}

/**
 * At 401 Docker's client asks for a name and a password, and hangs where nobody is there to answer; its engine
 * therefore never gives that status for what a registry refused.
 */
function refuseWithoutAsking(error: unknown): never {
  if (kindOf(error) !== 'Unauthorized') throw error;
  throw new DhowError('Forbidden', messageOf(error), { cause: error });
}

/** As Docker: without a scheme it is HTTP. */
function sourceUrl(text: string): URL {
  const whole = /^[a-z]+:\/\//i.test(text) ? text : `http://${text}`;
  const url = URL.canParse(whole) ? new URL(whole) : undefined;
  if (url && /^https?:$/.test(url.protocol)) return url;
  throw new DhowError(
    'InvalidParameter',
    `cannot import from "${text.slice(0, 200)}": it is no HTTP address`,
  );
}

/** Docker's two parameters are one reference; the tag may be a digest. @returns undefined when all tags are meant */
function joinReference(name: string, tag: string): string | undefined {
  if (tag !== '') return tag.includes(':') ? `${name}@${tag}` : `${name}:${tag}`;
  const named = name.includes('@') || /:[^/]+$/.test(name);
  return named ? name : undefined;
}
