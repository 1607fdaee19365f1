import assert from 'node:assert/strict';
import fs from 'node:fs';
import os from 'node:os';
import { after, before, describe, it } from 'node:test';
import type { Cli } from '../../support/cli.ts';
import { type Daemon, startDaemon } from '../../support/daemon.ts';
import { type DebianMirror, startDebianMirror } from '../../support/debian-mirror.ts';
import { waitFor } from '../../support/wait-for.ts';

const timeoutMs = 500_000;

describe('image bootstrap', () => {
  let daemon: Daemon;
  let mirror: DebianMirror;
  let cli: Cli;
  before(async () => {
    daemon = await startDaemon();
    mirror = await startDebianMirror();
    cli = daemon.cli('dhow');
  });
  after(async () => {
    await mirror?.[Symbol.asyncDispose]();
    await daemon?.[Symbol.asyncDispose]();
  });

  const args = (...more: string[]): string[] => [
    ...['image', 'bootstrap', '--snapshot', '20261101T000000Z'],
    ...['--mirror', `${mirror.url}/debian`, '--security-mirror', `${mirror.url}/debian-security`],
    ...more,
  ];
  const leftovers = (): string[] =>
    fs.readdirSync(os.tmpdir()).filter((name) => name.startsWith('dhow-bootstrap-'));
  const inImage = (script: string): Promise<string> =>
    cli.out('run', '--rm', '--network', 'none', 'debian:bookworm-slim', 'sh', '-c', script);

  it('makes an image that is as people know Debian', async () => {
    const { code, stdout, stderr } = await cli.run(args('debian:bookworm-slim'), { timeoutMs });
    assert.equal(code, 0, stderr);
    assert.equal(stdout, 'Loaded image: debian:bookworm-slim\n');
    assert.match(stderr, /^I: extracting archives\.\.\.$/m);
    assert.doesNotMatch(stderr, /Reading database/);

    assert.match(await inImage('. /etc/os-release; echo $ID $VERSION_CODENAME'), /^debian bookworm$/);
    assert.equal(
      await cli.out('image', 'inspect', '--format', '{{.Config.Cmd}} {{.Os}}', 'debian:bookworm-slim'),
      '[bash] linux',
    );
    // All packages are as dpkg wants them; what is left is the smallest set with apt.
    assert.equal(await inImage('dpkg --audit'), '');
    const packages = (await inImage('dpkg-query -W | cut -f 1 | cut -d : -f 1')).split('\n');
    for (const name of ['apt', 'bash', 'debian-archive-keyring', 'tzdata', 'usr-is-merged']) {
      assert.ok(packages.includes(name), name);
    }
    for (const name of ['systemd', 'ifupdown', 'usrmerge', 'cron', 'less'])
      assert.ok(!packages.includes(name), name);
    // Nothing of this machine, and nothing to download again.
    assert.equal(
      await inImage(
        'cd /var/lib/apt/lists; ls -I lock -I partial; ls /var/cache/apt; cat /etc/machine-id 2>/dev/null; true',
      ),
      'archives',
    );
    assert.equal(
      await inImage('ls -p /etc/apt | grep -v /; head -n 3 /etc/apt/sources.list.d/debian.sources'),
      'Types: deb\nURIs: http://deb.debian.org/debian\nSuites: bookworm bookworm-updates',
    );
    // Slim: licences alone, now and for what is installed later.
    assert.equal(
      await inImage('find /usr/share/doc/apt /usr/share/man /usr/share/locale ! -type d'),
      '/usr/share/doc/apt/copyright',
    );
    assert.match(await inImage('ls /usr/share/man'), /^man1\nman2\n/);
    assert.match(await inImage('cat /etc/dpkg/dpkg.cfg.d/docker'), /path-exclude=\/usr\/share\/man/);
    assert.match(await inImage('apt-config dump'), /Acquire::GzipIndexes "true"/);
    assert.equal(await inImage('/usr/sbin/policy-rc.d; echo $?'), '101');
    assert.equal(
      await inImage('stat -c "%u %g" /etc/apt/apt.conf.d/docker-clean /usr/sbin/policy-rc.d'),
      '0 0\n0 0',
    );
  });

  it('makes the same image again of the same archive, under any name', async () => {
    const { code, stderr } = await cli.run(args('--quiet', '--tag', 'base:again', 'debian:bookworm-slim'), {
      timeoutMs,
      environment: { TZ: 'Asia/Tokyo', LANG: 'de_DE.UTF-8' },
    });
    assert.equal(code, 0, stderr);
    assert.equal(stderr, '');
    const idOf = (name: string): Promise<string> => cli.out('image', 'inspect', '--format', '{{.Id}}', name);
    assert.equal(await idOf('base:again'), await idOf('debian:bookworm-slim'));
  });

  it('takes nothing that Debian has not signed', async () => {
    mirror.alter = (file, content) =>
      file.endsWith('/InRelease')
        ? Buffer.from(content.toString().replace(/^Description: .*/m, 'Description: somebody else’s'))
        : content;
    const { code, stderr } = await cli.run(args('--tag', 'base:forged', 'debian:bookworm'), { timeoutMs });
    mirror.alter = (_file, content) => content;
    assert.equal(code, 1);
    assert.match(stderr, /InRelease is not signed by a key of .*debian-archive-keyring/);
    assert.match(stderr, /BAD signature/);
    assert.deepEqual(leftovers(), []);
  });

  it('takes no package that is another one than the signed lists say', async () => {
    mirror.alter = (file, content) => (/\/dash_/.test(file) ? Buffer.alloc(content.length) : content);
    const { code, stdout, stderr } = await cli.run(
      args('--quiet', '--tag', 'base:forged', 'debian:bookworm'),
      {
        timeoutMs,
      },
    );
    mirror.alter = (_file, content) => content;
    assert.equal(code, 1, stdout);
    assert.match(stderr, /mmdebstrap could not make the image/);
    assert.equal(await cli.out('images', '-q', 'base:forged'), '');
    assert.deepEqual(leftovers(), []);
  });

  it('says which suite a mirror does not have', async () => {
    const { code, stderr } = await cli.run(args('debian:nosuchsuite'), { timeoutMs });
    assert.equal(code, 1);
    assert.match(stderr, /has no suite "nosuchsuite"/);
  });

  it('refuses what it could not do, before it fetches anything', async () => {
    const before = mirror.asked.length;
    for (const [wrong, message] of [
      [['alpine:3.20'], /cannot bootstrap alpine: only debian/],
      [['debian'], /name a release of Debian/],
      [['--platform', 'windows/amd64', 'debian:bookworm'], /Debian is not made for windows\/amd64/],
      [['--tag', 'a@sha256:b', 'debian:bookworm'], /digest/],
    ] as const) {
      const { code, stderr } = await cli.run(args(...wrong));
      assert.notEqual(code, 0);
      assert.match(stderr, message);
    }
    assert.equal(mirror.asked.length, before);
  });

  it('leaves nothing when it is told to end', async () => {
    const child = cli.start(args('debian:bookworm'));
    const ended = new Promise((resolve) => child.once('close', resolve));
    let said = '';
    child.stderr.setEncoding('utf8').on('data', (words: string) => {
      said += words;
    });
    await waitFor('mmdebstrap to be at work', () => said.includes('extracting archives'), timeoutMs);
    child.kill('SIGINT');
    assert.equal(await ended, 130);
    assert.deepEqual(leftovers(), []);
  });
});
