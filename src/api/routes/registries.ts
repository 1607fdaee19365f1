import { Filters } from '#api/decode/filters.ts';
import { decodeIndexRequest } from '#api/decode/index-request.ts';
import { decodeAuthConfig, decodeRegistryAuth } from '#api/decode/registry-auth.ts';
import type { Exchange } from '#api/http/exchange.ts';
import type { Route } from '#api/http/router.ts';
import type { RegistryService } from '#engine/registries.ts';
import { DhowError } from '#errors/error.ts';
import type { AuthResponse } from '#wire/auth.ts';
import type {
  DistributionInspect,
  DistributionManifest,
  ImageSearchItem,
  IndexResponse,
} from '#wire/registries.ts';

const searchFilterNames = ['is-official', 'is-automated', 'stars'];
const defaultSearchLimit = 25;
const maxSearchLimit = 100;

/** Asking registries, without touching the images that are here. */
export function registryRoutes(registries: RegistryService): Route[] {
  function optionsOf(exchange: Exchange) {
    const credentials = decodeRegistryAuth(exchange.header('x-registry-auth'));
    return { credentials, insecure: exchange.query.flag('insecure'), signal: exchange.signal };
  }

  async function login(exchange: Exchange): Promise<void> {
    const { address, credentials } = decodeAuthConfig(await exchange.readJson());
    const { identityToken } = await registries.login(address, credentials, exchange.signal);
    const answer: AuthResponse = { Status: 'Login Succeeded', IdentityToken: identityToken ?? '' };
    exchange.sendJson(200, answer);
  }

  async function search(exchange: Exchange): Promise<void> {
    const { query } = exchange;
    const term = query.text('term');
    if (term === '') throw new DhowError('InvalidParameter', 'the parameter "term" is missing');
    const filters = Filters.parse(query.text('filters'), searchFilterNames);
    const limit = query.integer('limit') || defaultSearchLimit;
    if (limit < 1 || limit > maxSearchLimit) {
      throw new DhowError(
        'InvalidParameter',
        `limit ${limit} is outside the range of [1, ${maxSearchLimit}]`,
      );
    }
    const stars = filters.values('stars').map(decodeStars);
    const isOfficial = filters.flag('is-official');
    const isAutomated = filters.flag('is-automated');
    const found = await registries.search(term, { limit, ...optionsOf(exchange) });
    const rows = found
      .filter((row) => isOfficial === undefined || row.isOfficial === isOfficial)
      .filter((row) => stars.every((least) => row.stars >= least))
      // Nothing is automated any more.
      .filter(() => isAutomated !== true);
    exchange.sendJson(
      200,
      rows.map(
        (row): ImageSearchItem => ({
          name: row.name,
          description: row.description,
          star_count: row.stars,
          is_official: row.isOfficial,
          is_automated: false,
        }),
      ),
    );
  }

  async function describe(exchange: Exchange): Promise<void> {
    const described = await registries.describe(exchange.parameter('name'), optionsOf(exchange));
    const answer: DistributionInspect = { Descriptor: described.descriptor, Platforms: described.platforms };
    exchange.sendJson(200, answer);
  }

  async function manifest(exchange: Exchange): Promise<void> {
    const name = exchange.parameter('name');
    const options = optionsOf(exchange);
    const { descriptor, bytes } = await registries.manifest(name, options);
    const { platforms } = await registries.describe(name, options);
    const answer: DistributionManifest = {
      Descriptor: descriptor,
      Platforms: platforms,
      Raw: bytes.toString('base64'),
    };
    exchange.sendJson(200, answer);
  }

  async function pushIndex(exchange: Exchange): Promise<void> {
    const entries = decodeIndexRequest(await exchange.readJson());
    const digest = await registries.pushIndex(exchange.parameter('name'), entries, optionsOf(exchange));
    const answer: IndexResponse = { Digest: digest };
    exchange.sendJson(201, answer);
  }

  return [
    { method: 'POST', path: '/auth', handler: login },
    { method: 'GET', path: '/images/search', handler: search },
    { method: 'GET', path: '/distribution/{name...}/json', handler: describe },
    { method: 'GET', path: '/distribution/{name...}/manifest', handler: manifest },
    { method: 'POST', path: '/distribution/{name...}/index', handler: pushIndex },
  ];
}

function decodeStars(text: string): number {
  if (/^\d{1,9}$/.test(text)) return Number(text);
  throw new DhowError('InvalidParameter', `invalid filter 'stars=${text.slice(0, 60)}'`);
}
