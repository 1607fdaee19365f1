import assert from 'node:assert/strict';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { Readable } from 'node:stream';
import { after, before, describe, it } from 'node:test';
import { readTar } from '#archive/read-tar.ts';
import { openContext } from '#cli/commands/build/open-context.ts';

describe('the context of dhow build', () => {
  let directory: string;
  before(() => {
    directory = fs.mkdtempSync(path.join(os.tmpdir(), 'dhow-context-'));
  });
  after(() => fs.rmSync(directory, { recursive: true, force: true }));

  function write(name: string, files: Record<string, string>): string {
    for (const [file, content] of Object.entries(files)) {
      const place = path.join(directory, name, file);
      fs.mkdirSync(path.dirname(place), { recursive: true });
      fs.writeFileSync(place, content);
    }
    return path.join(directory, name);
  }
  async function open(operand: string, file?: string, stdin: string | Buffer = '') {
    const opened = await openContext(operand, file, {
      workingDirectory: directory,
      stdin: Readable.from([Buffer.from(stdin)]),
    });
    const entries = new Map<string, string>();
    if (opened.archive !== undefined) {
      for await (const { header, body } of readTar(opened.archive)) {
        const content = Buffer.concat(await Array.fromAsync(body)).toString();
        entries.set(header.name, header.type === 'file' ? content : `${header.type} ${header.linkName}`);
        assert.equal(header.uid, 0);
      }
    }
    return { ...opened, entries };
  }

  it('is a directory without what .dockerignore leaves out, but with the files that the daemon needs', async () => {
    write('plain', {
      Dockerfile: 'FROM x',
      '.dockerignore': 'Dockerfile\n.dockerignore\n*.log\nnode_modules\n!node_modules/keep\n',
      a: '1',
      'b.log': '',
      'node_modules/drop': '',
      'node_modules/keep': '2',
      'sub/c.log': '',
    });
    fs.symlinkSync('a', path.join(directory, 'plain/link'));
    const { entries, dockerfile } = await open('plain');
    assert.equal(dockerfile, 'Dockerfile');
    assert.deepEqual([...entries.keys()].sort(), [
      '.dockerignore',
      'Dockerfile',
      'a',
      'link',
      'node_modules/keep',
      'sub/',
      'sub/c.log',
    ]);
    assert.equal(entries.get('link'), 'symlink a');
  });

  it('a Dockerfile has an ignore file of its own', async () => {
    write('own', {
      'docker/App': 'FROM x',
      'docker/App.dockerignore': 'secret',
      '.dockerignore': 'a',
      a: '',
      secret: '',
    });
    const { entries, dockerfile } = await open('own', 'own/docker/App');
    assert.equal(dockerfile, 'docker/App');
    assert.ok(entries.has('a') && !entries.has('secret'));
  });

  it('a Dockerfile from outside, or from standard input, goes in under a name of its own', async () => {
    write('outside', { a: '' });
    write('elsewhere', { Special: 'FROM outside' });
    const outside = await open('outside', 'elsewhere/Special');
    assert.match(outside.dockerfile, /^\.dockerfile\./);
    assert.equal(outside.entries.get(outside.dockerfile), 'FROM outside');
    const piped = await open('outside', '-', 'FROM stdin');
    assert.equal(piped.entries.get(piped.dockerfile), 'FROM stdin');
    assert.ok(piped.entries.has('a'));
  });

  it('standard input is an archive, or a Dockerfile alone', async () => {
    assert.deepEqual([...(await open('-', undefined, 'FROM alone')).entries], [['Dockerfile', 'FROM alone']]);
    write('packed', { Dockerfile: 'FROM packed' });
    const archive = Buffer.concat(
      await Array.fromAsync(
        (
          await openContext('packed', undefined, {
            workingDirectory: directory,
            stdin: Readable.from([]),
          })
        ).archive ?? [],
      ),
    );
    assert.deepEqual([...(await open('-', undefined, archive)).entries], [['Dockerfile', 'FROM packed']]);
    await assert.rejects(open('-', 'Other', 'FROM alone'), { kind: 'InvalidParameter' });
  });

  it('a URL is left to the daemon, and what is nothing is refused', async () => {
    assert.deepEqual(
      await open('https://example.com/context.tgz').then(({ remote, archive }) => ({ remote, archive })),
      {
        remote: 'https://example.com/context.tgz',
        archive: undefined,
      },
    );
    await assert.rejects(open('nowhere'), { kind: 'NotFound', message: /"nowhere" is no directory/ });
    write('empty', { a: '' });
    await assert.rejects(open('empty'), { kind: 'NotFound', message: /no Dockerfile at / });
  });
});
