import assert from 'node:assert/strict';
import { test } from 'node:test';
import { digestOf } from '#image/digest.ts';
import { parseReference } from '#image/reference.ts';
import { impatientClient, sendJson, startStub } from '#registry/testing/stub.ts';

const signal = new AbortController().signal;

test('a page of very many tags is cut', async () => {
  const tags = Array.from({ length: 200_000 }, (_, index) => String(index));
  await using stub = await startStub((_request, response) => sendJson(response, { tags }));
  using client = impatientClient();
  const listed = await client.listTags(parseReference(`${stub.host}/a/b`), { signal });
  assert.equal(listed.length, 100_000);
});

test('a list that breaks off is asked for again', async () => {
  const index = { schemaVersion: 2, manifests: [] };
  await using stub = await startStub(({ path }, response, count) => {
    const isTags = path.includes('/tags/');
    const type = isTags ? 'application/json' : 'application/vnd.oci.image.index.v1+json';
    const body = JSON.stringify(isTags ? { tags: ['one'] } : index);
    response.writeHead(200, { 'content-type': type, 'content-length': body.length });
    if (count > 1) response.end(body);
    else response.write(body.slice(0, 5), () => response.destroy());
  });
  using client = impatientClient();
  const reference = parseReference(`${stub.host}/a/b`);
  assert.deepEqual(await client.listTags(reference, { signal }), ['one']);
  const digest = digestOf(Buffer.from('x'));
  assert.deepEqual(await client.referrers({ ...reference, digest }, { signal }), []);
  assert.equal(stub.requests.length, 4);
});

test('a list that always breaks off is an error that says so', async () => {
  await using stub = await startStub((_request, response) => {
    response.writeHead(200, { 'content-length': 100 });
    response.write('{', () => response.destroy());
  });
  using client = impatientClient();
  await assert.rejects(client.listTags(parseReference(`${stub.host}/a/b`), { signal }), {
    name: 'Unavailable',
  });
});
