import assert from 'node:assert/strict';
import { it } from 'node:test';
import { describeEngine } from '../../support/describe-engine.ts';

const sleeper = ['busybox', 'sleep', '1000'];

describeEngine('network › create, list, inspect, remove', ({ cli, unique }) => {
  const inspect = (name: string, template: string): Promise<string> =>
    cli.out('network', 'inspect', '--format', template, name);

  it('a network has what was asked for, until it is removed', async () => {
    const name = unique('net');
    const id = await cli.out(
      ...['network', 'create', '--subnet', '10.61.0.0/24', '--ip-range', '10.61.0.128/25'],
      ...['--gateway', '10.61.0.9', '--aux-address', 'router=10.61.0.129', '--label', 'tier=web'],
      ...['--internal', '--opt', 'com.docker.network.driver.mtu=1400', name],
    );
    assert.match(id, /^[0-9a-f]{64}$/);
    assert.equal(
      await inspect(name, '{{.Id}} {{.Driver}} {{.Scope}} {{.Internal}}'),
      `${id} bridge local true`,
    );
    assert.equal(await inspect(name, '{{index .Labels "tier"}}'), 'web');
    assert.equal(await inspect(name, '{{index .Options "com.docker.network.driver.mtu"}}'), '1400');
    assert.deepEqual(JSON.parse(await inspect(name, '{{json .IPAM.Config}}')), [
      {
        Subnet: '10.61.0.0/24',
        IPRange: '10.61.0.128/25',
        Gateway: '10.61.0.9',
        AuxiliaryAddresses: { router: '10.61.0.129' },
      },
    ]);
    const list = ['network', 'ls', '--quiet', '--no-trunc', '--filter'];
    for (const filter of [`name=${name}`, `name=^${name}$`, `id=^${id.slice(0, 12)}`]) {
      assert.equal(await cli.out(...list, filter), id, filter);
    }
    assert.equal(await cli.out(...list, `name=^${name.slice(1)}$`), '');
    assert.equal(await cli.out('network', 'rm', name), name);
    const { code, stderr } = await cli.run(['network', 'inspect', name]);
    assert.equal(code, 1);
    assert.match(stderr, /not found|No such network/);
  });

  it('a taken name, a taken subnet and a predefined network are refused', async () => {
    const [name, other] = [unique('net'), unique('net')];
    await cli.out('network', 'create', '--subnet', '10.62.0.0/24', name);
    const cases: [string[], RegExp][] = [
      [['create', name], /network with name .* already exists/],
      [['create', '--subnet', '10.62.0.0/25', other], /Pool overlaps with other one on this address space/],
      [['rm', 'bridge'], /bridge is a pre-defined network and cannot be removed/],
      [
        ['create', '--gateway', '10.63.0.1', other],
        /every ip-range or gateway must have a corresponding subnet/,
      ],
    ];
    for (const [args, words] of cases) {
      const { code, stderr } = await cli.run(['network', ...args]);
      assert.equal(code, 1, args.join(' '));
      assert.match(stderr, words);
    }
    await cli.out('network', 'rm', name);
  });

  it('a network in use is not removed', async () => {
    const [name, container] = [unique('net'), unique('member')];
    await cli.out('network', 'create', name);
    await cli.out('run', '-d', '--name', container, '--network', name, ...sleeper);
    const { code, stderr } = await cli.run(['network', 'rm', name]);
    assert.equal(code, 1);
    assert.match(stderr, /error while removing network: .*has active endpoints/);
    const members = JSON.parse(await inspect(name, '{{json .Containers}}')) as Record<
      string,
      { Name: string }
    >;
    assert.deepEqual(
      Object.values(members).map((member) => member.Name),
      [container],
    );
    await cli.out('rm', '-f', container);
    await cli.out('network', 'rm', name);
  });

  it('a network made from a template has its configuration, and keeps it from being removed', async () => {
    const [plan, made] = [unique('plan'), unique('made')];
    const options = [
      '--subnet',
      '10.67.0.0/24',
      '--label',
      'tier=web',
      '--opt',
      'com.docker.network.driver.mtu=1400',
    ];
    await cli.out('network', 'create', '--config-only', ...options, plan);
    assert.equal(await inspect(plan, '{{.Driver}} {{.ConfigOnly}}'), 'null true');
    await cli.out('network', 'create', '--config-from', plan, made);
    assert.equal(
      await inspect(
        made,
        '{{.Driver}} {{.ConfigFrom.Network}} {{(index .IPAM.Config 0).Subnet}} {{.Labels.tier}}',
      ),
      `bridge ${plan} 10.67.0.0/24 web`,
    );
    const inside = ['run', '--rm', '--network', made, 'busybox', 'ip', 'link', 'show', 'eth0'];
    assert.match(await cli.out(...inside), / mtu 1400 /);
    const refused: [string[], RegExp][] = [
      [['network', 'rm', plan], /configuration network "?[\w-]+"? is in use/],
      [['run', '--rm', '--network', plan, 'busybox', 'true'], /configuration-only network/],
      [
        ['network', 'create', '--config-from', plan, '--label', 'a=b', unique('net')],
        /are not supported if the network depends/,
      ],
      [
        ['network', 'create', '--config-from', unique('nobody'), unique('net')],
        /configuration network "?[\w-]+"? does not exist/,
      ],
    ];
    for (const [args, words] of refused) {
      const { code, stderr } = await cli.run(args);
      assert.notEqual(code, 0, args.join(' '));
      assert.match(stderr, words);
    }
    await cli.out('network', 'rm', made);
    await cli.out('network', 'rm', plan);
  });

  it('a bridge network takes one subnet of each family', async () => {
    const subnets = ['--subnet', '10.68.0.0/24', '--subnet', '10.69.0.0/24'];
    const { code, stderr } = await cli.run(['network', 'create', ...subnets, unique('net')]);
    assert.equal(code, 1);
    assert.match(stderr, /doesn't support multiple subnets|can have one IPv4 subnet/);
  });

  it('prune removes what nobody uses, of the labels asked for', async () => {
    const [used, unused, other] = [unique('used'), unique('unused'), unique('other')];
    const label = unique('label');
    for (const name of [used, unused]) await cli.out('network', 'create', '--label', label, name);
    await cli.out('network', 'create', other);
    const container = unique('member');
    await cli.out('run', '-d', '--name', container, '--network', used, ...sleeper);
    assert.equal(
      await cli.out('network', 'prune', '--force', '--filter', `label=${label}`),
      `Deleted Networks:\n${unused}`,
    );
    await cli.out('rm', '-f', container);
    await cli.out('network', 'rm', used, other);
  });
});

describeEngine('network › containers', ({ cli, unique, engine }) => {
  const addressOf = (container: string, network: string): Promise<string> =>
    cli.out('inspect', '--format', `{{(index .NetworkSettings.Networks "${network}").IPAddress}}`, container);
  const reaches = async (container: string, address: string): Promise<boolean> => {
    const { code } = await cli.run(['exec', container, 'ping', '-c', '1', '-W', '1', address]);
    return code === 0;
  };

  it('reach their siblings and not those of another network', async () => {
    const networks = [unique('one'), unique('two')];
    const containers = [unique('a'), unique('b'), unique('c')];
    for (const name of networks) await cli.out('network', 'create', name);
    for (const [index, name] of containers.entries()) {
      await cli.out('run', '-d', '--name', name, '--network', networks[index > 1 ? 1 : 0] ?? '', ...sleeper);
    }
    const [a = '', b = '', c = ''] = containers;
    assert.equal(await reaches(a, await addressOf(b, networks[0] ?? '')), true);
    assert.equal(await reaches(a, await addressOf(c, networks[1] ?? '')), false);
    await cli.out('rm', '-f', ...containers);
    await cli.out('network', 'rm', ...networks);
  });

  it('connect and disconnect while they run, and keep it over a restart', async () => {
    const [first, second] = [unique('first'), unique('second')];
    const [mover, resident] = [unique('mover'), unique('resident')];
    for (const name of [first, second]) await cli.out('network', 'create', name);
    await cli.out('run', '-d', '--name', mover, '--network', first, ...sleeper);
    await cli.out('run', '-d', '--name', resident, '--network', second, ...sleeper);
    const target = await addressOf(resident, second);
    assert.equal(await reaches(mover, target), false);
    await cli.out('network', 'connect', second, mover);
    assert.equal(await reaches(mover, target), true);
    assert.match(
      await cli.out('exec', mover, 'cat', '/etc/hosts'),
      new RegExp(await addressOf(mover, second)),
    );
    await cli.out('restart', '-t', '0', mover);
    assert.equal(await reaches(mover, target), true);
    await cli.out('network', 'disconnect', second, mover);
    assert.equal(await reaches(mover, target), false);
    const { code, stderr } = await cli.run(['network', 'disconnect', second, mover]);
    assert.equal(code, 1);
    assert.match(stderr, /is not connected to/);
    await cli.out('rm', '-f', mover, resident);
    await cli.out('network', 'rm', first, second);
  });

  it('connect while they are stopped, for the next start', async () => {
    const [network, container] = [unique('net'), unique('later')];
    await cli.out('network', 'create', '--subnet', '10.64.0.0/24', network);
    await cli.out('create', '--name', container, ...sleeper);
    await cli.out('network', 'connect', '--ip', '10.64.0.50', '--alias', 'db', network, container);
    await cli.out('start', container);
    assert.equal(await addressOf(container, network), '10.64.0.50');
    assert.match(await cli.out('exec', container, 'ip', 'address'), /10\.64\.0\.50\/24/);
    await cli.out('rm', '-f', container);
    await cli.out('network', 'rm', network);
  });

  it('have the addresses asked for; a taken or foreign one is refused', async () => {
    const [network, first, second] = [unique('net'), unique('first'), unique('second')];
    await cli.out('network', 'create', '--subnet', '10.65.0.0/24', network);
    const wish = ['--network', network, '--ip', '10.65.0.7'];
    await cli.out('run', '-d', '--name', first, ...wish, ...sleeper);
    assert.equal(await addressOf(first, network), '10.65.0.7');
    const taken = await cli.run(['run', '--name', second, ...wish, 'busybox', 'true']);
    assert.equal(taken.code, 125);
    assert.match(taken.stderr, /Address already in use/);
    await cli.out('rm', second);
    const foreign = await cli.run([
      'run',
      '--rm',
      '--network',
      network,
      '--ip',
      '10.66.0.7',
      'busybox',
      'true',
    ]);
    assert.equal(foreign.code, 125);
    await cli.out('rm', '-f', first);
    await cli.out('network', 'rm', network);
  });

  it('of an internal network have no way out', async (test) => {
    if (engine().kind === 'dockerd') {
      test.skip('the Docker of Debian 12 gives a default route that leads nowhere');
      return;
    }
    const network = unique('inner');
    await cli.out('network', 'create', '--internal', network);
    const routes = await cli.out('run', '--rm', '--network', network, 'busybox', 'ip', 'route');
    assert.doesNotMatch(routes, /default/);
    await cli.out('network', 'rm', network);
  });

  it('share the network of another', async () => {
    const [network, owner] = [unique('net'), unique('owner')];
    await cli.out('network', 'create', network);
    await cli.out('run', '-d', '--name', owner, '--network', network, ...sleeper);
    const sharing = ['--network', `container:${owner}`, 'busybox'];
    const text = await cli.out('run', '--rm', ...sharing, 'ip', 'address');
    assert.ok(text.includes(await addressOf(owner, network)));
    assert.equal(
      await cli.out('run', '--rm', ...sharing, 'hostname'),
      await cli.out('exec', owner, 'hostname'),
    );
    const sharer = unique('sharer');
    await cli.out('create', '--name', sharer, ...sharing);
    // The owner may get another name.
    await cli.out('rename', owner, `${owner}-renamed`);
    await cli.out('start', sharer);
    assert.equal(
      await cli.out('inspect', '-f', '{{.HostConfig.NetworkMode}}', sharer),
      `container:${await cli.out('inspect', '-f', '{{.Id}}', `${owner}-renamed`)}`,
    );
    await cli.out('rm', '-f', sharer);
    await cli.out('rename', `${owner}-renamed`, owner);
    await cli.out('stop', '-t', '0', owner);
    const refused = await cli.run(['run', '--rm', ...sharing, 'true']);
    assert.equal(refused.code, 125);
    assert.match(refused.stderr, /cannot join network .*of a non running container/);
    await cli.out('rm', '-f', owner);
    await cli.out('network', 'rm', network);
  });

  it('have parameters of their own for an interface', async (test) => {
    if (engine().kind === 'dockerd') {
      test.skip('Docker can do that from version 28 on');
      return;
    }
    const network = unique('net');
    await cli.out('network', 'create', network);
    const option = 'com.docker.network.endpoint.sysctls=net.ipv4.conf.IFNAME.log_martians=1';
    const parameter = '/proc/sys/net/ipv4/conf/lan0/log_martians';
    const wish = `name=${network},driver-opt=${option},driver-opt=com.docker.network.endpoint.ifname=lan0`;
    assert.equal(await cli.out('run', '--rm', '--network', wish, 'busybox', 'cat', parameter), '1');
    await cli.out('network', 'rm', network);
  });

  it('start on several networks at once', async (test) => {
    if (engine().kind === 'dockerd') {
      test.skip('Docker can do that from version 25 on');
      return;
    }
    const networks = [unique('one'), unique('two')];
    const container = unique('both');
    for (const name of networks) await cli.out('network', 'create', name);
    const [one = '', two = ''] = networks;
    await cli.out(
      ...['run', '-d', '--name', container, '--network', one],
      ...['--network', `name=${two},alias=db,gw-priority=1,mac-address=02:42:00:00:00:77`, ...sleeper],
    );
    const text = await cli.out('exec', container, 'ip', 'address');
    assert.match(text, /02:42:00:00:00:77/);
    for (const name of networks) assert.ok(text.includes(await addressOf(container, name)));
    const gateway = `{{(index .NetworkSettings.Networks "${two}").Gateway}}`;
    assert.match(
      await cli.out('exec', container, 'ip', 'route'),
      new RegExp(`^default via ${await cli.out('inspect', '--format', gateway, container)} `),
    );
    await cli.out('rm', '-f', container);
    await cli.out('network', 'rm', ...networks);
  });
});
