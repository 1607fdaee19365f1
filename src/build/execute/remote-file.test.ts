import assert from 'node:assert/strict';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { openRemoteFile } from '#build/execute/remote-file.ts';
import type { BuildSession, ExecuteParts } from '#build/execute/session.ts';
import type { RemoteSource } from '#build/executor.ts';
import type { CopyStep } from '#build/steps.ts';

const range = { start: { line: 1, column: 4 }, end: { line: 1, column: 5 } };

test('a fetched file is called like the last part of its URL, which is no path', async () => {
  const workDirectory = fs.mkdtempSync(path.join(os.tmpdir(), 'dhow-remote-'));
  const fetch = async () => ({
    body: (async function* () {
      yield Buffer.from('x');
    })(),
  });
  const remote = { fetch } as Partial<RemoteSource> as RemoteSource;
  const parts = { workDirectory, remote } as Partial<ExecuteParts> as ExecuteParts;
  const given: Partial<BuildSession> = { parts, signal: new AbortController().signal, deferred: () => {} };
  const session = given as BuildSession;
  const step: Partial<CopyStep> = {
    destinationIsDirectory: true,
    source: { name: 'Dockerfile', lines: ['ADD'] },
  };
  const nameOf = async (url: string): Promise<string> =>
    (await openRemoteFile(step as CopyStep, { kind: 'remote', url, range }, session)).name;
  try {
    assert.equal(await nameOf('http://host/a/b.txt?x=/y'), 'b.txt');
    assert.equal(await nameOf('http://host/a%20b'), 'a b');
    assert.equal(await nameOf('http://host/a%2f..%2f..%2fetc%2fpasswd'), 'passwd');
    assert.equal(await nameOf('http://host/100%'), '100%');
    const nameless = { kind: 'InvalidParameter', message: /no file name/ };
    for (const url of ['http://host/', 'http://host', 'http://host/a%2f..', 'http://host/a%00b']) {
      await assert.rejects(nameOf(url), nameless, url);
    }
  } finally {
    fs.rmSync(workDirectory, { recursive: true });
  }
});
