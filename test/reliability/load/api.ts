import http from 'node:http';

export interface Answer {
  status: number;
  body: string;
}

/** Asks the daemon. Throws when there is no whole answer, which a dead daemon gives. */
export type Ask = (method: string, path: string, body?: object | Buffer) => Promise<Answer>;

/** A daemon that has not answered after this hangs. */
const patienceMs = 60_000;

/** The Engine API without a client's help: its status is the promise that a test holds the daemon to. */
export function createAsk(socketPath: string): Ask {
  const agent = new http.Agent({ keepAlive: false });
  return (method, path, body) =>
    new Promise((resolve, reject) => {
      const bytes = body === undefined || Buffer.isBuffer(body) ? body : Buffer.from(JSON.stringify(body));
      const type = Buffer.isBuffer(body) ? 'application/x-tar' : 'application/json';
      const headers = bytes ? { 'content-type': type, 'content-length': bytes.length } : {};
      const request = http.request({ socketPath, agent, method, path: `/v1.47${path}`, headers });
      const timer = setTimeout(
        () => request.destroy(new Error(`no answer to ${method} ${path} in ${patienceMs} ms`)),
        patienceMs,
      );
      request.on('close', () => clearTimeout(timer));
      request.on('error', reject);
      request.on('response', (response) => {
        let text = '';
        response.setEncoding('utf8').on('data', (piece: string) => {
          text += piece;
        });
        response.on('error', reject);
        response.on('end', () => {
          if (!response.complete) reject(new Error(`the answer to ${method} ${path} broke off`));
          else resolve({ status: response.statusCode ?? 0, body: text });
        });
      });
      request.end(bytes);
    });
}

/** Pulls and builds answer 200 before they are done; an object with an error in their stream tells that they failed. */
export function failureIn({ body }: Answer): string | undefined {
  const line = body.split('\n').find((text) => /^\{.*"error(Detail)?":/.test(text));
  return line;
}
