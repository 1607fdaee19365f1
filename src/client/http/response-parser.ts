import { DhowError } from '#errors/error.ts';

export interface ResponseHead {
  readonly status: number;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  /** The connection can carry another request after this answer. */
  readonly keepAlive: boolean;
  /** What follows is a raw byte stream and no HTTP. */
  readonly upgraded: boolean;
}

export interface ResponseSink {
  head(head: ResponseHead): void;
  data(bytes: Buffer): void;
  end(): void;
}

type State =
  | { at: 'head' }
  | { at: 'length'; left: number }
  | { at: 'chunk-size' }
  | { at: 'chunk-data'; left: number }
  | { at: 'chunk-end' }
  | { at: 'trailer' }
  | { at: 'close' }
  | { at: 'done' };

const maximumHeadBytes = 64 * 1024;
/** A chunk's size line with its extensions, or a trailer line. */
const maximumLineBytes = 16 * 1024;

/**
 * Incremental reader of one HTTP/1.1 response (RFC 9112), interim responses (1xx) skipped. Bytes may be cut anywhere.
 * Every refusal is a DhowError of kind Unavailable: the peer is not a daemon that can be talked to.
 */
export class ResponseParser {
  readonly #sink: ResponseSink;
  readonly #method: string;
  readonly #upgrade: boolean;
  #state: State = { at: 'head' };
  #pending: Buffer = Buffer.alloc(0);

  constructor(sink: ResponseSink, request: { method: string; upgrade: boolean }) {
    this.#sink = sink;
    this.#method = request.method;
    this.#upgrade = request.upgrade;
  }

  /** Nothing of a response has been seen: a request on a kept connection may be sent again. */
  get untouched(): boolean {
    return this.#state.at === 'head' && this.#pending.length === 0;
  }

  /** Returns what lies behind the end of the response: of an upgraded connection its first bytes, else nothing good. */
  push(bytes: Buffer): Buffer {
    let rest = this.#pending.length === 0 ? bytes : Buffer.concat([this.#pending, bytes]);
    this.#pending = Buffer.alloc(0);
    while (rest.length > 0 && this.#state.at !== 'done') {
      const next = this.#step(rest);
      if (next === undefined) {
        this.#pending = rest;
        return Buffer.alloc(0);
      }
      rest = next;
    }
    return rest;
  }

  /** The peer sent its end of file. */
  finish(): void {
    if (this.#state.at === 'close') this.#end();
    else if (this.#state.at !== 'done') {
      throw new DhowError('Unavailable', 'the daemon closed the connection in the middle of an answer');
    }
  }

  /** Takes one element off the front; undefined when more bytes are needed. */
  #step(bytes: Buffer): Buffer | undefined {
    const state = this.#state;
    switch (state.at) {
      case 'head':
        return this.#readHead(bytes);
      case 'length':
      case 'chunk-data': {
        const piece = bytes.subarray(0, state.left);
        state.left -= piece.length;
        this.#sink.data(piece);
        if (state.left === 0) {
          if (state.at === 'length') this.#end();
          else this.#state = { at: 'chunk-end' };
        }
        return bytes.subarray(piece.length);
      }
      case 'close':
        this.#sink.data(bytes);
        return Buffer.alloc(0);
      case 'chunk-size':
        return this.#readLine(bytes, (line) => {
          const size = /^\s*([0-9a-f]{1,12})\s*(;.*)?$/i.exec(line)?.[1];
          if (size === undefined) throw malformed(`chunk size ${JSON.stringify(line.slice(0, 40))}`);
          const left = Number.parseInt(size, 16);
          this.#state = left === 0 ? { at: 'trailer' } : { at: 'chunk-data', left };
        });
      case 'chunk-end':
        if (!'\r\n'.startsWith(bytes.toString('latin1', 0, 2))) throw malformed('chunk longer than its size');
        if (bytes.length < 2) return undefined;
        this.#state = { at: 'chunk-size' };
        return bytes.subarray(2);
      case 'trailer':
        return this.#readLine(bytes, (line) => {
          if (line === '') this.#end();
        });
      case 'done':
        return bytes;
    }
  }

  #readLine(bytes: Buffer, take: (line: string) => void): Buffer | undefined {
    const end = bytes.indexOf(0x0a);
    if ((end === -1 ? bytes.length : end) > maximumLineBytes) throw malformed('line above 16 KiB');
    if (end === -1) return undefined;
    take(bytes.toString('latin1', 0, end).replace(/\r$/, ''));
    return bytes.subarray(end + 1);
  }

  #readHead(bytes: Buffer): Buffer | undefined {
    const end = bytes.indexOf('\r\n\r\n');
    if ((end === -1 ? bytes.length : end) > maximumHeadBytes) throw malformed('header above 64 KiB');
    if (end === -1) {
      // Something else than HTTP listens here; waiting for the end of its header could take for ever.
      const start = bytes.toString('latin1', 0, 5);
      if (!'HTTP/'.startsWith(start)) throw malformed(`${JSON.stringify(start)} in place of a status line`);
      return undefined;
    }
    const [statusLine = '', ...lines] = bytes.toString('latin1', 0, end).split('\r\n');
    const status = /^HTTP\/1\.([01]) (\d{3})(?: |$)/.exec(statusLine);
    if (status === null) throw malformed(`status line ${JSON.stringify(statusLine.slice(0, 60))}`);
    this.#begin(Number(status[2]), status[1] === '1', parseHeaders(lines));
    return bytes.subarray(end + 4);
  }

  #begin(status: number, persistent: boolean, headers: Record<string, string>): void {
    if (status < 200 && !(status === 101 && this.#upgrade)) {
      if (status === 101) throw malformed('unasked change of protocol');
      return;
    }
    const length = headers['content-length'];
    const chunked = /(^|,)\s*chunked\s*$/i.test(headers['transfer-encoding'] ?? '');
    // Docker before 1.12 and some proxies answer an upgrade by 200 and go on with the raw stream.
    const framed = chunked || length !== undefined;
    const upgraded = this.#upgrade && (status === 101 || (status === 200 && !framed));
    const bodyless = this.#method === 'HEAD' || status === 204 || status === 304;
    const untilClose = !framed && !bodyless && !upgraded;
    const closing = /(^|,)\s*close\s*(,|$)/i.test(headers['connection'] ?? '');
    const keepAlive =
      persistent && !closing && !untilClose && !upgraded && !(chunked && length !== undefined);
    // Nothing may change state after the sink has the head: it may throw.
    this.#state = upgraded ? { at: 'done' } : untilClose ? { at: 'close' } : { at: 'chunk-size' };
    if (!upgraded && !untilClose && !bodyless && !chunked) {
      const left = parseLength(length ?? '0');
      this.#state = { at: 'length', left };
    }
    this.#sink.head({ status, headers, keepAlive, upgraded });
    if (bodyless || (this.#state.at === 'length' && this.#state.left === 0)) this.#end();
  }

  #end(): void {
    this.#state = { at: 'done' };
    this.#sink.end();
  }
}

function parseHeaders(lines: readonly string[]): Record<string, string> {
  const headers: Record<string, string> = Object.create(null);
  for (const line of lines) {
    const colon = line.indexOf(':');
    const name = line.slice(0, Math.max(colon, 0)).toLowerCase();
    if (!/^[!#$%&'*+.^_`|~0-9a-z-]+$/.test(name))
      throw malformed(`header ${JSON.stringify(line.slice(0, 60))}`);
    const value = line.slice(colon + 1).trim();
    const earlier = headers[name];
    if (name === 'content-length' && earlier !== undefined && earlier !== value) {
      throw malformed('two different content lengths');
    }
    headers[name] = earlier === undefined || name === 'content-length' ? value : `${earlier}, ${value}`;
  }
  return headers;
}

function parseLength(text: string): number {
  const length = Number(text);
  if (!/^\d+$/.test(text) || !Number.isSafeInteger(length))
    throw malformed(`content length ${JSON.stringify(text)}`);
  return length;
}

function malformed(what: string): DhowError {
  return new DhowError('Unavailable', `what answers is no daemon: malformed HTTP response (${what})`);
}
