import assert from 'node:assert/strict';
import { it } from 'node:test';
import { describeCompose, obedient } from './describe-compose.ts';

describeCompose('compose › up and down', ({ engine, project }) => {
  const listed = async (kind: 'network' | 'volume', name: string): Promise<string> =>
    engine()
      .cli('dhow')
      .out(kind, 'ls', '--format', '{{.Name}}', '--filter', `label=com.docker.compose.project=${name}`);

  it('brings up, and takes down all but the volumes, which the next one finds again', async () => {
    await using shop = project(`
services:
  web:
    image: busybox
    command: ${obedient('echo run >> /data/runs; cat /data/runs')}
    volumes: [data:/data]
    networks: [front, back]
networks: { front: , back: }
volumes: { data: }
`);
    await shop.out('up', '-d');
    assert.equal(
      await shop.out('ps', '--format', '{{.Name}} {{.Service}} {{.State}}'),
      `${shop.name}-web-1 web running`,
    );
    assert.equal(await listed('network', shop.name), `${shop.name}_back\n${shop.name}_front`);
    await shop.out('down');
    assert.equal(await shop.out('ps', '--all', '--quiet'), '');
    assert.equal(await listed('network', shop.name), '');
    assert.equal(await listed('volume', shop.name), `${shop.name}_data`);
    await shop.out('up', '-d');
    assert.equal(await shop.out('exec', 'web', 'cat', '/data/runs'), 'run\nrun');
    await shop.out('down', '--volumes');
    assert.equal(await listed('volume', shop.name), '');
  });

  it('recreates only what has changed, with its anonymous volumes', async () => {
    const text = (user: string): string => `
services:
  same: { image: busybox, command: ${obedient(':')} }
  other: { image: busybox, command: ${obedient(':')}, environment: { WHO: ${user} }, volumes: [/kept] }
`;
    await using shop = project(text('one'));
    await shop.out('up', '-d');
    await shop.out('exec', 'other', 'sh', '-c', 'echo here > /kept/file');
    const before = [await shop.inspect('same-1', '.Id'), await shop.inspect('other-1', '.Id')];
    await shop.out('up', '-d');
    assert.deepEqual([await shop.inspect('same-1', '.Id'), await shop.inspect('other-1', '.Id')], before);
    shop.write('compose.yaml', text('two'));
    await shop.out('up', '-d');
    assert.equal(await shop.inspect('same-1', '.Id'), before[0]);
    assert.notEqual(await shop.inspect('other-1', '.Id'), before[1]);
    assert.equal(await shop.out('exec', 'other', 'sh', '-c', 'echo $WHO; cat /kept/file'), 'two\nhere');
    await shop.out('up', '-d', '--force-recreate', '--renew-anon-volumes', 'other');
    assert.equal((await shop.run(['exec', 'other', 'cat', '/kept/file'])).code, 1);
    assert.equal(await shop.inspect('same-1', '.Id'), before[0]);
  });

  it('scales up and down, and by the file again', async () => {
    await using shop = project(`services: { web: { image: busybox, command: ${obedient(':')}, scale: 2 } }`);
    const names = async (): Promise<string[]> =>
      (await shop.out('ps', '--format', '{{.Name}}')).split('\n').sort();
    const numbered = (...numbers: number[]): string[] =>
      numbers.map((number) => `${shop.name}-web-${number}`);
    await shop.out('up', '-d');
    assert.deepEqual(await names(), numbered(1, 2));
    await shop.out('up', '-d', '--scale', 'web=4');
    assert.deepEqual(await names(), numbered(1, 2, 3, 4));
    await shop.out('scale', 'web=1');
    assert.deepEqual(await names(), numbered(1));
    await shop.out('up', '-d');
    assert.deepEqual(await names(), numbered(1, 2));
  });

  it('tells of orphans, and removes them when asked', async () => {
    const web = `web: { image: busybox, command: ${obedient(':')} }`;
    await using shop = project(`services: { ${web}, old: { image: busybox, command: ${obedient(':')} } }`);
    await shop.out('up', '-d');
    shop.write('compose.yaml', `services: { ${web} }`);
    assert.match((await shop.run(['up', '-d'])).stderr, new RegExp(`does not have: ${shop.name}-old-1`));
    assert.match((await shop.run(['down'])).stderr, /Network \w+_default {2}Still in use/);
    assert.equal(await shop.inspect('old-1', '.State.Status'), 'running');
    const ignoring = await shop.run(['up', '-d'], { environment: { COMPOSE_IGNORE_ORPHANS: 'true' } });
    assert.doesNotMatch(ignoring.stderr, /does not have/);
    await shop.out('up', '-d', '--remove-orphans');
    assert.equal(await shop.out('ps', '--all', '--format', '{{.Service}}'), 'web');
  });

  it('keeps the old container when the new one cannot be made, and goes on where it failed', async () => {
    const text = (bad: string): string => `
services:
  first: { image: busybox, command: ${obedient(':')} }
  second: { image: busybox, command: ${obedient(':')}, depends_on: [first] ${bad} }
`;
    await using shop = project(text(''));
    await shop.out('up', '-d');
    const id = await shop.inspect('second-1', '.Id');
    shop.write('compose.yaml', text(', cap_add: [NOT_A_CAPABILITY], scale: 2'));
    const failed = await shop.run(['up', '-d']);
    assert.equal(failed.code, 1);
    assert.match(failed.stderr, /NOT_A_CAPABILITY/);
    assert.equal(await shop.inspect('second-1', '.Id'), id);
    assert.equal(await shop.inspect('second-1', '.State.Status'), 'running');
    assert.equal(
      await shop.out('ps', '--all', '--format', '{{.Name}}'),
      `${shop.name}-first-1\n${shop.name}-second-1`,
    );
    shop.write('compose.yaml', text(', scale: 2'));
    await shop.out('up', '-d');
    assert.equal(await shop.inspect('second-2', '.State.Status'), 'running');
  });

  it('removes a container whose files cannot be written', async () => {
    await using shop = project(`
services: { web: { image: busybox, configs: [{ source: c, mode: 0400 }] } }
configs: { c: { file: ./gone } }
`);
    const failed = await shop.run(['up', '-d']);
    assert.match(failed.stderr, /cannot read .*gone/);
    assert.equal(await shop.out('ps', '--all', '--quiet'), '');
  });

  it('gives configs and secrets as files', async () => {
    await using shop = project(`
services:
  web:
    image: busybox
    command: ${obedient(':')}
    configs: [plain, { source: inline, target: /etc/deep/inline, mode: 0640, uid: '1000', gid: '50' }]
    secrets: [token]
configs: { plain: { file: ./plain.txt }, inline: { content: "inline \${WHO}" } }
secrets: { token: { environment: TOKEN } }
`);
    shop.write('plain.txt', 'from a file');
    const environment = { WHO: 'me', TOKEN: 'hidden' };
    assert.equal((await shop.run(['up', '-d'], { environment })).code, 0);
    const read = 'cat /plain /etc/deep/inline /run/secrets/token; stat -c " %a %u:%g" /etc/deep/inline';
    const { stdout } = await shop.run(['exec', 'web', 'sh', '-c', read], { environment });
    assert.equal(stdout, 'from a fileinline mehidden 640 1000:50\n');
    const id = await shop.inspect('web-1', '.Id');
    await shop.run(['up', '-d'], { environment });
    assert.equal(await shop.inspect('web-1', '.Id'), id);
    await shop.run(['up', '-d'], { environment: { ...environment, TOKEN: 'other' } });
    assert.notEqual(await shop.inspect('web-1', '.Id'), id);
  });

  it('finds each other by service name, alias and link, and shares namespaces', async () => {
    await using shop = project(`
services:
  db: { image: busybox, command: ${obedient(':')}, networks: { back: { aliases: [store] } } }
  app:
    image: busybox
    command: ${obedient(':')}
    links: ['db:linked']
    networks: [back]
  side: { image: busybox, command: ${obedient(':')}, network_mode: 'service:db', pid: 'service:app' }
networks: { back: { ipam: { config: [{ subnet: 10.213.7.0/24 }] } } }
`);
    await shop.out('up', '-d');
    const address = await shop.inspect(
      'db-1',
      `(index .NetworkSettings.Networks "${shop.name}_back").IPAddress`,
    );
    assert.match(address, /^10\.213\.7\./);
    for (const name of ['db', 'store', 'linked', `${shop.name}-db-1`]) {
      assert.ok((await shop.out('exec', 'app', 'nslookup', name)).includes(address), name);
    }
    const sharesNetwork = async (): Promise<boolean> => {
      const own = await shop.inspect(
        'db-1',
        `(index .NetworkSettings.Networks "${shop.name}_back").IPAddress`,
      );
      return (await shop.out('exec', 'side', 'ip', 'address')).includes(`${own}/`);
    };
    assert.ok(await sharesNetwork());
    const id = await shop.inspect('side-1', '.Id');
    await shop.out('up', '-d', '--force-recreate', 'db');
    await shop.out('up', '-d');
    assert.ok(await sharesNetwork());
    assert.notEqual(await shop.inspect('side-1', '.Id'), id);
  });

  it('uses what is external, and refuses what is not there or somebody else’s', async () => {
    const docker = engine().cli('docker');
    await docker.out('network', 'create', 'lan');
    await docker.out('volume', 'create', 'store');
    const text = (external: string): string => `
services: { web: { image: busybox, command: ${obedient(':')}, networks: [lan], volumes: ['store:/s'] } }
networks: { lan: { name: lan, ${external} } }
volumes: { store: { name: store, ${external} } }
`;
    {
      await using shop = project(text('external: true'));
      await shop.out('up', '-d');
      await shop.out('down', '--volumes');
      assert.match(await docker.out('network', 'ls', '--format', '{{.Name}}'), /^lan$/m);
      assert.match(await docker.out('volume', 'ls', '--quiet'), /^store$/m);
      shop.write('compose.yaml', text(''));
      assert.match((await shop.run(['up', '-d'])).stderr, /network lan is there and was not made by Compose/);
    }
    await docker.out('network', 'rm', 'lan');
    await docker.out('volume', 'rm', 'store');
    await using shop = project(text('external: true'));
    assert.match(
      (await shop.run(['up', '-d'])).stderr,
      /network "lan" is external to the project and was not found/,
    );
  });
});
