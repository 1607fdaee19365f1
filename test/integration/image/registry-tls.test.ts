import assert from 'node:assert/strict';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { after, before, it } from 'node:test';
import { outputOf } from '../../support/command.ts';
import { describeEngine } from '../../support/describe-engine.ts';
import { pushImage } from '../../support/push-image.ts';
import { type Registry, startRegistry } from '../../support/registry.ts';
import { createScratch, type Scratch } from '../../support/scratch.ts';

/** Where Docker's engine looks for authorities, and Dhow too. */
const certificates = '/etc/docker/certs.d';

let scratch: Scratch;
let plain: Registry;
let secure: Registry;
let authority: string;

before(async () => {
  scratch = createScratch();
  // Loopback is trusted without a certificate.
  const host = hostAddress();
  authority = path.join(scratch.directory, 'ca.crt');
  const key = path.join(scratch.directory, 'ca.key');
  await outputOf(
    'openssl',
    [
      ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2'],
      ['-subj', '/CN=dhow-test', '-addext', `subjectAltName=IP:${host}`, '-keyout', key, '-out', authority],
    ].flat(),
  );
  plain = await startRegistry();
  secure = await startRegistry({ host, tls: { certificate: authority, key } });
});
after(async () => {
  await secure?.[Symbol.asyncDispose]();
  await plain?.[Symbol.asyncDispose]();
  scratch?.remove();
});

describeEngine('pull › from a registry with a certificate of its own', ({ cli, unique }) => {
  it('is refused until its authority is put where the message says', async () => {
    const repository = unique('secure');
    const recipe = { format: 'oci', compression: 'gzip', files: { greeting: repository } } as const;
    await pushImage(plain, repository, recipe, 'v1');
    const name = `${secure.address}/${repository}:v1`;
    await secure.skopeoCopy(`docker://${plain.address}/${repository}:v1`, `docker://${name}`);

    const refused = await cli.run(['pull', name]);
    assert.equal(refused.code, 1);
    assert.match(refused.stderr, /certificate/);

    const folder = path.join(certificates, secure.address);
    const made = fs.mkdirSync(folder, { recursive: true });
    try {
      fs.copyFileSync(authority, path.join(folder, 'ca.crt'));
      assert.equal(await cli.out('pull', '-q', name), name);
      assert.equal(await cli.out('run', '--rm', name, 'cat', '/greeting'), repository);
    } finally {
      if (made !== undefined) fs.rmSync(made, { recursive: true });
    }
    assert.equal((await cli.run(['pull', name])).code, 1, 'with the authority gone');
  });

  it('lets manifest ask it only with --insecure', async () => {
    const repository = unique('unvouched');
    const { digest } = await pushImage(plain, repository, { format: 'oci', compression: 'gzip' }, 'v1');
    const name = `${secure.address}/${repository}:v1`;
    await secure.skopeoCopy(`docker://${plain.address}/${repository}:v1`, `docker://${name}`);

    const refused = await cli.run(['manifest', 'inspect', name]);
    assert.equal(refused.code, 1);
    assert.match(refused.stderr, /certificate/);
    const verbose = await cli.out('manifest', 'inspect', '--verbose', '--insecure', name);
    assert.equal(JSON.parse(verbose).Descriptor.digest, digest);
  });
});

/** An address of this host by which it reaches itself, other than loopback. */
function hostAddress(): string {
  const [found] = Object.values(os.networkInterfaces())
    .flatMap((addresses) => addresses ?? [])
    .filter(({ family, internal }) => family === 'IPv4' && !internal);
  if (!found) throw new Error('this host has no address besides loopback');
  return found.address;
}
