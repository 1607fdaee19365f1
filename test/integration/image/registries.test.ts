import assert from 'node:assert/strict';
import fs from 'node:fs';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { after, before, it } from 'node:test';
import { baseRootfs } from '../../support/base-image.ts';
import { describeEngine } from '../../support/describe-engine.ts';
import { hostArchitecture, pushImage, pushIndex } from '../../support/push-image.ts';
import { type Registry, registryUser, startRegistry } from '../../support/registry.ts';

let registry: Registry;
let guarded: Registry;
before(async () => {
  [registry, guarded] = await Promise.all([startRegistry(), startRegistry({ guarded: true })]);
});
after(async () => {
  await registry?.[Symbol.asyncDispose]();
  await guarded?.[Symbol.asyncDispose]();
});

describeEngine('registries', ({ cli, engine, unique }) => {
  const configFile = (): string => path.join(engine().directory, 'config/config.json');
  const readConfig = (): { auths?: Record<string, { auth?: string }> } =>
    JSON.parse(fs.readFileSync(configFile(), 'utf8'));
  const { username, password } = registryUser;

  it('login keeps what works, push and pull use it, logout forgets it', async () => {
    const name = `${guarded.address}/${unique('private')}:v1`;
    await cli.out('tag', 'busybox', name);
    const refused = await cli.run(['push', name]);
    assert.equal(refused.code, 1);
    assert.match(refused.stderr, /unauthorized|no basic auth credentials/);

    const wrong = await cli.run(['login', '-u', username, '--password-stdin', guarded.address], {
      input: 'wrong',
    });
    assert.equal(wrong.code, 1);
    assert.match(wrong.stderr, /unauthorized/);
    assert.equal(fs.existsSync(configFile()) && readConfig().auths?.[guarded.address] !== undefined, false);

    const right = await cli.run(['login', '-u', username, '--password-stdin', guarded.address], {
      input: `${password}\n`,
    });
    assert.equal(right.code, 0);
    assert.match(right.stdout, /Login Succeeded/);
    assert.equal(
      readConfig().auths?.[guarded.address]?.auth,
      Buffer.from(`${username}:${password}`).toString('base64'),
    );
    assert.equal(fs.statSync(configFile()).mode & 0o077, 0);
    await cli.out('push', name);
    await cli.out('rmi', name);
    await cli.out('pull', '-q', name);

    assert.match(await cli.out('logout', guarded.address), new RegExp(`credentials for ${guarded.address}`));
    assert.equal(readConfig().auths?.[guarded.address], undefined);
    assert.equal((await cli.run(['pull', '-q', name])).code, 1);
    if (cli.name === 'dhow') {
      assert.equal(await cli.out('logout', guarded.address), `Not logged in to ${guarded.address}`);
    }
  });

  it('login asks a person, and does not show the password', async () => {
    await using terminal = cli.terminal(['login', guarded.address]);
    await terminal.expect(/Username.*: /);
    terminal.type(`${username}\r`);
    await terminal.expect(/Password: /);
    terminal.type(`${password}\r`);
    assert.equal(await terminal.exit(), 0);
    assert.match(terminal.screen, /Login Succeeded/);
    assert.ok(!terminal.screen.includes(password));
    await cli.out('logout', guarded.address);
  });

  it('login gives the secret to the helper that config.json names', async () => {
    const directory = fs.mkdtempSync(path.join(engine().directory, 'helper-'));
    fs.writeFileSync(
      path.join(directory, 'docker-credential-test'),
      `#!/bin/sh
case "$1" in
store) cat > ${directory}/kept ;;
get) if [ -e ${directory}/kept ]; then cat ${directory}/kept; else echo "credentials not found in native keychain"; exit 1; fi ;;
erase) rm -f ${directory}/kept ;;
esac
`,
      { mode: 0o755 },
    );
    fs.writeFileSync(path.join(directory, 'config.json'), '{"credsStore":"test","other":"stays"}');
    const environment = { DOCKER_CONFIG: directory, PATH: `${directory}:${process.env['PATH']}` };
    const login = ['login', '-u', username, '-p', password, guarded.address];
    assert.equal((await cli.run(login, { environment })).code, 0);
    assert.equal(JSON.parse(fs.readFileSync(`${directory}/kept`, 'utf8')).Secret, password);
    const config = fs.readFileSync(`${directory}/config.json`, 'utf8');
    assert.ok(!config.includes(Buffer.from(`${username}:${password}`).toString('base64')));
    // Docker's own drops what it does not know.
    if (cli.name === 'dhow') assert.equal(JSON.parse(config).other, 'stays');
    const name = `${guarded.address}/${unique('by-helper')}:v1`;
    await cli.out('tag', 'busybox', name);
    assert.equal((await cli.run(['push', '-q', name], { environment })).code, 0);
    assert.equal((await cli.run(['logout', guarded.address], { environment })).code, 0);
    assert.equal(fs.existsSync(`${directory}/kept`), false);
  });

  it('search finds names in a registry without a search of its own', async (test) => {
    if (engine().kind === 'dockerd') return test.skip('dockerd knows the old search only');
    const repository = unique('needle');
    await pushImage(registry, `deep/${repository}`, { format: 'oci', compression: 'gzip' }, 'v1');
    const output = await cli.out('search', '--format', '{{.Name}}', `${registry.address}/${repository}`);
    assert.equal(output, `${registry.address}/deep/${repository}`);
    assert.match(await cli.out('search', `${registry.address}/deep`), /^NAME +DESCRIPTION +STARS +OFFICIAL/);
    assert.equal((await cli.run(['search', '--limit', '101', `${registry.address}/x`])).code, 1);
  });

  it('search reads the answer of the old search', async () => {
    const server = http.createServer(({ url = '' }, response) => {
      const found = new URL(url, 'http://x');
      if (found.pathname !== '/v1/search') {
        response.writeHead(found.pathname === '/v1/_ping' || found.pathname === '/v2/' ? 200 : 404).end('{}');
        return;
      }
      const name = found.searchParams.get('q');
      response.setHeader('content-type', 'application/json');
      response.end(
        JSON.stringify({
          num_results: 2,
          results: [
            { name: `few/${name}`, description: 'few', star_count: 1, is_official: false },
            { name, description: 'many\nlines', star_count: 50, is_official: true },
          ],
        }),
      );
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const address = `127.0.0.1:${(server.address() as AddressInfo).port}`;
    try {
      const rows = await cli.out('search', '--format', '{{.StarCount}} {{.IsOfficial}}', `${address}/thing`);
      assert.deepEqual(
        rows.split('\n').map((row) => row.trim()),
        ['1', '50 [OK]'],
      );
      const filter = ['--filter', 'stars=10', '--filter', 'is-official=true'];
      const some = await cli.out('search', ...filter, '--format', '{{.StarCount}}', `${address}/thing`);
      assert.equal(some, '50');
    } finally {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    }
  });

  it('pull -a brings all tags', async () => {
    const repository = unique('many');
    for (const tag of ['one', 'two']) {
      const recipe = { format: 'docker', compression: 'gzip', files: { t: tag + repository } } as const;
      await pushImage(registry, repository, recipe, tag);
    }
    const name = `${registry.address}/${repository}`;
    const output = await cli.out('pull', '-a', name);
    assert.match(output, /^one: Pulling from /m);
    assert.match(output, /^two: Pulling from /m);
    assert.match(output, new RegExp(`^Status: Downloaded newer image for ${name}`, 'm'));
    const tags = await cli.out('images', '--format', '{{.Tag}}', name);
    assert.deepEqual(tags.split('\n').sort(), ['one', 'two']);
  });

  it('import reads a URL', async () => {
    const root = await baseRootfs();
    const server = http.createServer((request, response) => {
      if (request.url === '/moved') response.writeHead(302, { location: '/rootfs.tar' }).end();
      else if (request.url === '/rootfs.tar') fs.createReadStream(root).pipe(response);
      else response.writeHead(404).end();
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    try {
      const name = `${unique('from-url')}:v1`;
      await cli.out('import', '--change', 'CMD ["echo", "from afar"]', `${base}/moved`, name);
      assert.equal(await cli.out('run', '--rm', name), 'from afar');
      const missing = await cli.run(['import', `${base}/none`]);
      assert.equal(missing.code, 1);
      assert.match(missing.stderr, /404/);
    } finally {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    }
  });

  it('manifest puts images of two platforms together', async () => {
    const repository = unique('list');
    const base = `${registry.address}/${repository}`;
    const other = hostArchitecture === 'arm64' ? 'amd64' : 'arm64';
    for (const architecture of [hostArchitecture, other]) {
      const recipe = {
        format: 'docker',
        compression: 'gzip',
        architecture,
        files: { a: architecture },
      } as const;
      await pushImage(registry, repository, recipe, architecture);
    }
    await cli.out(
      'manifest',
      'create',
      '--insecure',
      `${base}:all`,
      `${base}:${hostArchitecture}`,
      `${base}:${other}`,
    );
    await cli.out('manifest', 'annotate', '--variant', 'v9', `${base}:all`, `${base}:${other}`);
    const digest = await cli.out('manifest', 'push', '--insecure', '--purge', `${base}:all`);
    assert.match(digest, /^sha256:[0-9a-f]{64}$/m);
    const list = JSON.parse(await cli.out('manifest', 'inspect', '--insecure', `${base}:all`));
    assert.deepEqual(
      list.manifests.map(({ platform }: { platform: { architecture: string; variant?: string } }) => [
        platform.architecture,
        platform.variant,
      ]),
      [
        [hostArchitecture, undefined],
        [other, 'v9'],
      ],
    );
    await cli.out('pull', '-q', `${base}:all`);
    assert.equal(await cli.out('run', '--rm', `${base}:all`, 'cat', '/a'), hostArchitecture);
  });

  it('manifest push brings images of other repositories along', async () => {
    const [source, target] = [unique('list-source'), unique('list-target')];
    await pushImage(registry, source, { format: 'oci', compression: 'gzip', files: { s: source } }, 'v1');
    const [from, to] = [`${registry.address}/${source}:v1`, `${registry.address}/${target}:all`];
    await cli.out('manifest', 'create', '--insecure', to, from);
    await cli.out('manifest', 'push', '--insecure', '--purge', to);
    await cli.out('pull', '-q', to);
    assert.equal(await cli.out('run', '--rm', to, 'cat', '/s'), source);
  });

  it('describes an image of a registry', async () => {
    const repository = unique('described');
    const recipe = { format: 'docker', compression: 'gzip' } as const;
    const images = [
      await pushImage(registry, repository, { ...recipe, architecture: 'amd64' }),
      await pushImage(registry, repository, { ...recipe, architecture: 'arm', variant: 'v7' }),
    ];
    const digest = await pushIndex(registry, repository, 'v1', 'docker', images);
    const answer = await new Promise<http.IncomingMessage>((resolve, reject) => {
      const name = encodeURIComponent(`${registry.address}/${repository}:v1`).replaceAll('%2F', '/');
      http
        .get({ socketPath: engine().socket, path: `/distribution/${name}/json`, agent: false }, resolve)
        .on('error', reject);
    });
    const body = Buffer.concat(await Array.fromAsync(answer as AsyncIterable<Buffer>)).toString();
    assert.equal(answer.statusCode, 200, body);
    const { Descriptor, Platforms } = JSON.parse(body);
    assert.equal(Descriptor.digest, digest);
    assert.deepEqual(
      Platforms.map((platform: { architecture: string; variant?: string }) => [
        platform.architecture,
        platform.variant,
      ]),
      [
        ['amd64', undefined],
        ['arm', 'v7'],
      ],
    );
  });

  it('an image is not there for another platform', async (test) => {
    if (engine().kind === 'dockerd') return test.skip("Debian's dockerd is from before");
    const other = hostArchitecture === 'arm64' ? 'linux/amd64' : 'linux/arm64';
    for (const command of [
      ['image', 'inspect'],
      ['history'],
      ['save', '-o', `${engine().directory}/platform.tar`],
    ]) {
      await cli.out(...command, '--platform', `linux/${hostArchitecture}`, 'busybox');
      const { code, stderr } = await cli.run([...command, '--platform', other, 'busybox']);
      assert.equal(code, 1, command.join(' '));
      assert.match(stderr, /platform/, command.join(' '));
    }
  });

  it('image prune obeys its filters', async () => {
    const label = unique('prune');
    const rootfs = await baseRootfs();
    const ids: string[] = [];
    for (const value of ['keep', 'drop']) {
      ids.push(await cli.out('import', '--change', `LABEL ${label}=${value}`, rootfs));
    }
    const pruned = await cli.out('image', 'prune', '--force', '--filter', `label=${label}=drop`);
    assert.match(pruned, new RegExp(`deleted: ${ids[1]}`));
    assert.doesNotMatch(pruned, new RegExp(`deleted: ${ids[0]}`));
    const none = ['--filter', `label=${label}`, '--filter', 'until=2000-01-01T00:00:00Z'];
    assert.equal(await cli.out('image', 'prune', '--force', ...none), 'Total reclaimed space: 0B');
    assert.match(
      await cli.out('image', 'prune', '--force', '--filter', `label=${label}`),
      new RegExp(`${ids[0]}`),
    );
  });
});
