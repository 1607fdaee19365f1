import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { createTrust } from '#registry/hosts/trust.ts';
import { testCertificate } from '#registry/testing/certificate.ts';

test('loopback and what the operator names may be spoken to insecurely', async () => {
  const trust = createTrust({
    insecureRegistries: ['Reg.Example:5000', 'plain.example', '10.1.0.0/16', 'fd00::/8'],
    certificatesDirectory: undefined,
  });
  const cases: [host: string, isInsecure: boolean][] = [
    ['localhost', true],
    ['localhost:5000', true],
    ['reg.localhost:5000', true],
    ['127.0.0.1', true],
    ['127.9.9.9:80', true],
    ['[::1]:5000', true],
    ['reg.example:5000', true],
    ['reg.example:5001', false],
    ['reg.example', false],
    ['plain.example', true],
    ['plain.example:443', false],
    ['10.1.2.3:5000', true],
    ['10.2.0.1', false],
    ['[fd00::1]', true],
    ['[fe80::1]:5000', false],
    ['localhost.example.invalid', false],
    ['notlocalhost', false],
    ['128.0.0.1', false],
  ];
  for (const [host, isInsecure] of cases) assert.equal(await trust.isInsecure(host), isInsecure, host);
});

test('a malformed range is refused', () => {
  for (const range of ['10.0.0.0/33', '10.0.0.0/x', 'host/24', '10.0.0.0/', '/8', '::/129']) {
    const create = () => createTrust({ insecureRegistries: [range], certificatesDirectory: undefined });
    assert.throws(create, { kind: 'InvalidParameter' }, range);
  }
});

test('an authority that is put into the folder counts at once, and no more when it is taken away', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'registry-trust-'));
  try {
    const trust = createTrust({ insecureRegistries: [], certificatesDirectory: directory });
    const contextOf = async () => (await trust.tlsFor('h:5000')).secureContext;
    const before = await contextOf();
    assert.equal(await contextOf(), before);
    await mkdir(join(directory, 'h:5000'));
    await writeFile(join(directory, 'h:5000', 'ca.crt'), testCertificate);
    const trusting = await contextOf();
    assert.notEqual(trusting, before);
    assert.equal(await contextOf(), trusting);
    await rm(join(directory, 'h:5000', 'ca.crt'));
    assert.equal(await contextOf(), before);
  } finally {
    await rm(directory, { recursive: true });
  }
});

test('a client certificate without its key is an error that names the file', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'registry-trust-'));
  try {
    await mkdir(join(directory, 'h:5000'));
    await writeFile(join(directory, 'h:5000', 'client.cert'), 'x');
    const trust = createTrust({ insecureRegistries: [], certificatesDirectory: directory });
    await assert.rejects(trust.tlsFor('h:5000'), { kind: 'InvalidParameter', message: /client\.key/ });
    assert.equal((await trust.tlsFor('other')).rejectUnauthorized, true);
    assert.equal((await trust.tlsFor('localhost')).rejectUnauthorized, false);
    assert.equal((await trust.tlsFor('..')).rejectUnauthorized, true);
  } finally {
    await rm(directory, { recursive: true });
  }
});
