import assert from 'node:assert/strict';
import { execFile, execFileSync, spawnSync } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import fs from 'node:fs';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { openAgents } from '#cli/commands/build/open-agents.ts';
import { readSshKey } from '#cli/commands/build/ssh/read-key.ts';

/** OpenSSH's own programs make the keys and are the clients. */
describe('an agent for keys in files', () => {
  let directory: string;
  before(() => {
    directory = fs.mkdtempSync(path.join(os.tmpdir(), 'dhow-keys-'));
  });
  after(() => fs.rmSync(directory, { recursive: true, force: true }));

  function makeKey(name: string, type: string, ...args: string[]): string {
    const file = path.join(directory, name);
    execFileSync('ssh-keygen', ['-q', '-t', type, '-N', '', '-C', `key ${name}`, '-f', file, ...args]);
    return file;
  }
  const open = (...texts: string[]) => openAgents(texts, { environment: {}, workingDirectory: directory });
  async function withAgent(socket: string | undefined, program: string, args: string[], input = '') {
    // Not the synchronous call: the agent is in this process.
    const child = Promise.withResolvers<{ code: number | null; output: string }>();
    const running = execFile(
      program,
      args,
      { env: { ...process.env, SSH_AUTH_SOCK: socket } },
      (error, stdout, stderr) =>
        child.resolve({ code: error === null ? 0 : Number(error.code), output: stdout + stderr }),
    );
    running.stdin?.end(input);
    return child.promise;
  }

  for (const [type, ...args] of [
    ['ed25519'],
    ['rsa', '-b', '2048'],
    ['ecdsa', '-b', '256'],
    ['ecdsa', '-b', '384'],
    ['ecdsa', '-b', '521'],
  ] as const) {
    it(`signs with ${type} ${args.join(' ')}`, async () => {
      const file = makeKey(`${type}${args.join('')}`, type, ...args);
      await using agents = await open(`default=${file}`);
      const { default: socket } = agents.sockets;
      const listed = await withAgent(socket, 'ssh-add', ['-L']);
      assert.equal(listed.output.trim(), fs.readFileSync(`${file}.pub`, 'utf8').trim());
      const signArgs = ['-Y', 'sign', '-n', 'test', '-U', '-f', `${file}.pub`];
      const signed = await withAgent(socket, 'ssh-keygen', signArgs, 'text');
      assert.equal(signed.code, 0, signed.output);
      const signature = path.join(directory, 'signature');
      fs.writeFileSync(signature, signed.output);
      const check = ['-Y', 'check-novalidate', '-n', 'test', '-s', signature];
      assert.equal(spawnSync('ssh-keygen', check, { input: 'text' }).status, 0);
      assert.notEqual(spawnSync('ssh-keygen', check, { input: 'other' }).status, 0);
    });
  }

  it('takes several keys, and PEM', async () => {
    const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
    fs.writeFileSync(path.join(directory, 'pem'), privateKey.export({ type: 'pkcs1', format: 'pem' }));
    makeKey('second', 'ed25519');
    await using agents = await open('id=pem,second');
    const { output } = await withAgent(agents.sockets['id'], 'ssh-add', ['-l']);
    assert.match(output, /^2048 SHA256:.*RSA.*\n256 SHA256:.* key second \(ED25519\)/m);
  });

  it('refuses everything else that an agent could be asked, and goes when it is disposed', async () => {
    const file = makeKey('only', 'ed25519');
    let socket = '';
    {
      await using agents = await open(`default=${file}`);
      socket = agents.sockets['default'] ?? '';
      assert.notEqual((await withAgent(socket, 'ssh-add', ['-D'])).code, 0);
      assert.notEqual((await withAgent(socket, 'ssh-add', [makeKey('new', 'ed25519')])).code, 0);
      const connection = net.connect(socket);
      connection.on('error', () => {});
      connection.write(Buffer.of(0xff, 0xff, 0xff, 0xff, 11));
      await new Promise((resolve) => connection.on('close', resolve));
    }
    assert.ok(!fs.existsSync(path.dirname(socket)));
  });

  it('says what is wrong with a key', async () => {
    const file = path.join(directory, 'locked');
    execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', 'secret', '-f', file]);
    await assert.rejects(open(`default=${file}`), { kind: 'Unsupported', message: /has a passphrase/ });
    await assert.rejects(open('default=none'), { kind: 'NotFound', message: /no SSH key or agent/ });
    await assert.rejects(open('default'), { kind: 'NotFound', message: /SSH_AUTH_SOCK is not set/ });
    assert.throws(() => readSshKey('nonsense', 'file'), { kind: 'InvalidParameter', message: /^file is no/ });
    const cut = `-----BEGIN OPENSSH PRIVATE KEY-----\n${Buffer.from('openssh-key-v1\0').toString('base64')}\n-----END`;
    assert.throws(() => readSshKey(cut, 'file'), { kind: 'InvalidParameter', message: /ends too early/ });
  });
});
