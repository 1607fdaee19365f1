import assert from 'node:assert/strict';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { Readable } from 'node:stream';
import { test } from 'node:test';
import { tarHeader, tarTrailer } from '#archive/write-tar.ts';
import { packContext, unpackContext } from '#cli/contexts/archive.ts';
import { chosenContext } from '#cli/contexts/chosen.ts';
import { parseEndpoint } from '#cli/contexts/endpoint.ts';
import {
  checkContextName,
  currentContext,
  getContext,
  hasContext,
  listContexts,
  readTlsFiles,
  removeContext,
  writeContext,
} from '#cli/contexts/store.ts';

function createDirectory(): Disposable & { path: string } {
  const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'dhow-contexts-'));
  return { path: directory, [Symbol.dispose]: () => fs.rmSync(directory, { recursive: true }) };
}

const record = { name: 'remote', description: 'far', host: 'tcp://10.0.0.1:2376', skipTlsVerify: false };

test('a context is kept with its certificates, and goes as a whole', () => {
  using directory = createDirectory();
  writeContext(directory.path, record, { ca: 'CA', key: 'KEY' });
  assert.deepEqual(getContext(directory.path, 'remote'), record);
  assert.deepEqual(readTlsFiles(directory.path, 'remote'), { ca: 'CA', key: 'KEY' });
  writeContext(directory.path, { ...record, description: '' }, {});
  assert.deepEqual(readTlsFiles(directory.path, 'remote'), {});
  writeContext(directory.path, { ...record, name: 'another' }, {});
  assert.deepEqual(
    listContexts(directory.path).map(({ name }) => name),
    ['another', 'remote'],
  );
  removeContext(directory.path, 'remote');
  assert.equal(hasContext(directory.path, 'remote'), false);
  assert.throws(() => removeContext(directory.path, 'remote'), { kind: 'NotFound' });
});

test('a context that was exported is the same when it is imported', async () => {
  const exported = { record, tls: { ca: 'CA', cert: 'CERT' } };
  const archive = Buffer.concat([...packContext(exported)]);
  assert.deepEqual(await unpackContext(Readable.from([archive])), exported);
  const other = [tarHeader({ type: 'file', name: '../meta.json' }), tarTrailer()];
  await assert.rejects(unpackContext(Readable.from(other)), /not a part of a context/);
  await assert.rejects(unpackContext(Readable.from([tarTrailer()])), /holds no context/);
});

test('names as Docker takes them', () => {
  for (const name of ['default', 'a', '-x', 'a/b', '']) assert.throws(() => checkContextName(name));
  checkContextName('my.remote+1');
});

test('the order in which a context is chosen', () => {
  using directory = createDirectory();
  fs.writeFileSync(`${directory.path}/config.json`, JSON.stringify({ currentContext: 'used' }));
  const base = { given: undefined, hosts: [], environment: {}, configDirectory: directory.path };
  assert.equal(chosenContext(base), 'used');
  assert.equal(chosenContext({ ...base, environment: { DOCKER_CONTEXT: 'env' } }), 'env');
  assert.equal(
    chosenContext({ ...base, environment: { DOCKER_CONTEXT: 'env', DOCKER_HOST: 'x' } }),
    'default',
  );
  assert.equal(chosenContext({ ...base, hosts: ['unix:///x'] }), 'default');
  assert.equal(chosenContext({ ...base, given: 'given', environment: { DOCKER_HOST: 'x' } }), 'given');
  fs.writeFileSync(`${directory.path}/config.json`, '{"currentContext": "broken');
  assert.equal(currentContext(directory.path), undefined);
});

test('an endpoint as pairs', () => {
  using directory = createDirectory();
  fs.writeFileSync(`${directory.path}/ca.pem`, 'CA');
  assert.deepEqual(parseEndpoint(`host=tcp://h:1,ca=${directory.path}/ca.pem,skip-tls-verify=true`), {
    host: 'tcp://h:1',
    skipTlsVerify: true,
    tls: { ca: 'CA' },
  });
  for (const text of ['', 'host', 'hots=x', 'host=', 'host=tcp://h:1,ca=/nowhere', 'host=gopher://x']) {
    assert.throws(() => parseEndpoint(text), { kind: 'InvalidParameter' }, text);
  }
});
