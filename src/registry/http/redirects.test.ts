import assert from 'node:assert/strict';
import type { IncomingMessage } from 'node:http';
import { test } from 'node:test';
import { sendFollowing } from '#registry/http/redirects.ts';
import type { HttpRequest, Transport } from '#registry/http/transport.ts';

const signal = new AbortController().signal;

/** A transport that answers from a table of `url → location` and keeps what it was asked. */
function scripted(redirects: Record<string, string>): Transport & { asked: HttpRequest[] } {
  const asked: HttpRequest[] = [];
  return {
    asked,
    async send(request) {
      asked.push(request);
      const location = redirects[request.url.href];
      const headers = { 'content-length': '0', ...(location === undefined ? {} : { location }) };
      const statusCode = location === undefined ? 200 : 307;
      return { statusCode, headers, resume() {}, destroy() {} } as unknown as IncomingMessage;
    },
    [Symbol.dispose]() {},
  };
}

const follow = (transport: Transport, url: string) =>
  sendFollowing(
    { transport, trust: { isInsecure: async (host) => host.startsWith('insecure') } },
    { method: 'GET', url: new URL(url), headers: { authorization: 'Bearer t', range: 'bytes=1-' } },
    signal,
  );

test('authorization stays with the origin, whatever way leads elsewhere', async () => {
  const cases: [redirects: Record<string, string>, sent: boolean[], isOrigin: boolean][] = [
    [{}, [true], true],
    [{ 'https://a/x': '/y' }, [true, true], true],
    [{ 'https://a/x': 'https://b/y' }, [true, false], false],
    [{ 'https://a/x': '//b/y' }, [true, false], false],
    [{ 'https://a/x': 'https://a:444/y' }, [true, false], false],
    [{ 'https://a/x': 'https://sub.a/y' }, [true, false], false],
    [{ 'https://a/x': 'http://insecure/y' }, [true, false], false],
    [{ 'https://a/x': 'https://b/y', 'https://b/y': 'https://a/z' }, [true, false, false], true],
    [{ 'https://a/x': 'https://b/y', 'https://b/y': 'https://c/z' }, [true, false, false], false],
  ];
  for (const [redirects, sent, isOrigin] of cases) {
    const transport = scripted(redirects);
    const answer = await follow(transport, 'https://a/x');
    const name = JSON.stringify(redirects);
    assert.deepEqual(
      transport.asked.map(({ headers }) => headers['authorization'] !== undefined),
      sent,
      name,
    );
    assert.ok(
      transport.asked.every(({ headers }) => headers['range'] === 'bytes=1-'),
      name,
    );
    assert.equal(answer.isOrigin, isOrigin, name);
  }
});

test('redirects that lead astray are refused', async () => {
  const cases: [location: string, kind: string][] = [
    ['http://b/y', 'Forbidden'],
    ['file:///etc/passwd', 'Forbidden'],
    ['ftp://b/y', 'Forbidden'],
    ['http://', 'Forbidden'],
    ['https://a/x', 'Unavailable'],
  ];
  for (const [location, kind] of cases) {
    await assert.rejects(follow(scripted({ 'https://a/x': location }), 'https://a/x'), { kind }, location);
  }
});

test('neither query nor user of an address is shown', async () => {
  const secret = scripted({ 'https://a/x?token=secret': 'ftp://user:secret@b/y?secret' });
  await assert.rejects(follow(secret, 'https://a/x?token=secret'), (error: Error) => {
    assert.doesNotMatch(error.message, /secret/);
    return true;
  });
});
