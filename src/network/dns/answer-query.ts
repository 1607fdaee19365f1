import type { Buffer } from 'node:buffer';
import { bytesOfIp, type Family } from '#network/addresses/ip.ts';
import type { AnswerCache } from '#network/dns/cache.ts';
import {
  classInternet,
  encodeAnswer,
  encodeName,
  failure,
  type Query,
  type ResourceRecord,
  recordTypes,
  responseCodes,
  tooLong,
} from '#network/dns/message.ts';
import { adapt, type Response } from '#network/dns/response.ts';
import { parseReverseName } from '#network/dns/reverse-name.ts';
import type { Upstreams } from '#network/dns/upstreams.ts';
import type { NameTable } from '#network/tables/names.ts';

export interface ResolverParts {
  names: NameTable;
  cache: AnswerCache;
  upstreams: Upstreams;
  /** Name servers for what Dhow does not know; none when the container has no way out. */
  serversOf(containerId: string): readonly string[];
}

/** Short: a container that is made anew has another address. To ask again costs less than a millisecond. */
const localTtlSeconds = 5;
const maximumTcpBytes = 65_535;
/** Questions of all containers that wait for name servers. */
const maximumForwarded = 1000;

export interface Question {
  containerId: string;
  query: Query;
  /** The query as it came. */
  message: Buffer;
  transport: 'udp' | 'tcp';
  /** Whether to ask name servers for what Dhow does not know; else that is a failure. */
  mayForward: boolean;
}

export type AnswerQuery = (question: Question) => Buffer | Promise<Buffer>;

/**
 * Answers a container's queries: names and addresses of its networks at once, and the rest by name servers. What Dhow
 * knows never leaves the machine, also when it has no record of the type that was asked for.
 */
export function createAnswerQuery(parts: ResolverParts): AnswerQuery {
  const { names, cache, upstreams } = parts;
  /** The same question, asked by many at once, goes out once. */
  const forwarded = new Map<string | symbol, Promise<Response | undefined>>();

  function answerLocally(containerId: string, query: Query, limit: number): Buffer | undefined {
    const records = localRecords(names, containerId, query);
    if (records === undefined) return undefined;
    return encodeAnswer(query, { code: responseCodes.noError, authoritative: true, records }, limit);
  }

  async function forward(
    servers: readonly string[],
    { query, message, transport }: Question,
  ): Promise<Buffer> {
    // Options may carry what concerns this client alone.
    const shared = query.edns?.hasOptions !== true;
    const key = keyOf(servers, query);
    const kept = shared ? cache.get(key) : undefined;
    if (kept) return fit(adapt(kept.response, query, kept.ageSeconds), query, transport);
    const place = shared ? `${transport} ${key}` : Symbol(key);
    let waiting = forwarded.get(place);
    if (waiting === undefined) {
      if (forwarded.size >= maximumForwarded) return failure(query, responseCodes.serverFailure);
      waiting = upstreams.ask(servers, message, query, transport).finally(() => forwarded.delete(place));
      forwarded.set(place, waiting);
    }
    const response = await waiting;
    if (response === undefined) return failure(query, responseCodes.serverFailure);
    if (shared) cache.set(key, response);
    return fit(adapt(response, query, 0), query, transport);
  }

  return (question) => {
    const { containerId, query, transport } = question;
    // Other classes ask for what a name server says of itself.
    if (query.class !== classInternet) return failure(query, responseCodes.refused);
    const limit = transport === 'udp' ? query.udpBytes : maximumTcpBytes;
    const local = answerLocally(containerId, query, limit);
    if (local) return local;
    const servers = question.mayForward ? parts.serversOf(containerId) : [];
    if (servers.length === 0) return failure(query, responseCodes.serverFailure);
    return forward(servers, question);
  };
}

/** undefined: nothing is known about the name. */
function localRecords(names: NameTable, containerId: string, query: Query): ResourceRecord[] | undefined {
  const reverse = parseReverseName(query.name);
  if (reverse) {
    const name = names.nameOf(containerId, reverse);
    if (name === undefined) return undefined;
    const data = encodeName(name);
    if (data === undefined || (query.type !== recordTypes.PTR && query.type !== recordTypes.ANY)) return [];
    return [{ type: recordTypes.PTR, ttlSeconds: localTtlSeconds, data }];
  }
  const found = names.find(containerId, query.name);
  if (found.length === 0) return undefined;
  const records = (family: Family): ResourceRecord[] =>
    found
      .flatMap((addresses) => addresses[family] ?? [])
      .map((address) => ({
        type: family === 4 ? recordTypes.A : recordTypes.AAAA,
        ttlSeconds: localTtlSeconds,
        data: bytesOfIp(address),
      }));
  switch (query.type) {
    case recordTypes.A:
      return rotate(records(4));
    case recordTypes.AAAA:
      return rotate(records(6));
    case recordTypes.ANY:
      return [...records(4), ...records(6)];
    default:
      return [];
  }
}

/** Clients take the first one: each time another is. */
function rotate<T>(items: T[]): T[] {
  const start = Math.floor(Math.random() * items.length);
  return [...items.slice(start), ...items.slice(0, start)];
}

function keyOf(servers: readonly string[], query: Query): string {
  const { name, type, class: recordClass, recursionDesired, checkingDisabled, edns } = query;
  const flags = [recursionDesired, checkingDisabled, edns !== undefined, edns?.dnssec ?? false]
    .map(Number)
    .join('');
  return `${name} ${type} ${recordClass} ${flags} ${servers.join()}`;
}

function fit(answer: Buffer, query: Query, transport: 'udp' | 'tcp'): Buffer {
  return transport === 'udp' && answer.length > query.udpBytes ? tooLong(query) : answer;
}
