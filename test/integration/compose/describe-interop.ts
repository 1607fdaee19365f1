import assert from 'node:assert/strict';
import { it } from 'node:test';
import { type CommandResult, runCommand } from '../../support/command.ts';
import { type ComposeProject, describeCompose, obedient } from './describe-compose.ts';

/**
 * Both tools on the same projects.
 * @param program the other tool, and words in front of all that it is told
 */
export function describeInterop(
  name: string,
  program: {
    readonly path: string;
    readonly words: readonly string[];
    /** Whether its digests of services are ours. */
    readonly agrees: boolean;
  },
): void {
  describeCompose(`compose › beside ${name}`, ({ engine, project }) => {
    const run = async (shop: ComposeProject, ...args: string[]): Promise<CommandResult> => {
      const { path, words } = program;
      return runCommand(path, [...words, '-f', `${shop.directory}/compose.yaml`, ...args], {
        environment: {
          DOCKER_HOST: engine().host,
          DOCKER_CONFIG: `${engine().directory}/config`,
          DOCKER_CONTEXT: undefined,
        },
        timeoutMs: 120_000,
      });
    };
    const other = async (shop: ComposeProject, ...args: string[]): Promise<string> => {
      const { code, stdout, stderr } = await run(shop, ...args);
      assert.equal(code, 0, stdout + stderr);
      return stdout.trim();
    };
    const text = `
services:
  web: { image: busybox, command: ${obedient('echo hello')}, scale: 2, volumes: ['data:/data', /own], networks: [net] }
  db: { image: busybox, command: ${obedient(':')}, networks: [net] }
volumes: { data: }
networks: { net: }
`;

    it('it sees, enters, scales and takes down what dhow has brought up', async () => {
      await using shop = project(text);
      await shop.out('up', '-d');
      assert.equal((await other(shop, 'ps', '-q')).split('\n').length, 3);
      assert.match(await other(shop, 'ps'), new RegExp(`^${shop.name}-web-2 .* Up`, 'm'));
      assert.equal(
        await other(shop, 'exec', '-T', '--index=2', 'web', 'hostname'),
        await shop.inspect('web-2', '.Config.Hostname'),
      );
      assert.match(await other(shop, 'logs', 'web'), /hello/);
      await other(shop, 'stop', 'db');
      assert.equal(await shop.inspect('db-1', '.State.Status'), 'exited');
      await other(shop, 'down', '-v', '-t', '0');
      assert.equal(await shop.out('ps', '--all', '--quiet'), '');
      const own = ['--quiet', '--filter', `label=com.docker.compose.project=${shop.name}`];
      assert.equal(
        await engine()
          .cli('dhow')
          .out('volume', 'ls', ...own),
        '',
      );
      assert.equal(
        await engine()
          .cli('dhow')
          .out('network', 'ls', ...own),
        '',
      );
    });

    it('dhow sees, changes and takes down what it has brought up, and each goes on from the other', async () => {
      await using shop = project(text);
      await other(shop, 'up', '-d');
      assert.equal(await shop.out('ps', '--services'), 'db\nweb');
      await shop.out(
        'exec',
        '--index',
        '2',
        'web',
        'sh',
        '-c',
        'echo here > /data/file; echo own > /own/file',
      );
      await shop.out('stop', 'db');
      await shop.out('up', '-d');
      assert.equal(
        await shop.out('exec', '--index', '2', 'web', 'cat', '/data/file', '/own/file'),
        'here\nown',
      );
      assert.equal(await shop.inspect('web-2', '.State.Status'), 'running');
      await other(shop, 'up', '-d');
      assert.equal(await shop.out('exec', '--index', '2', 'web', 'cat', '/own/file'), 'own');
      assert.equal((await shop.out('ps', '--quiet')).split('\n').length, 3);
      await shop.out('down', '-t', '0');
      assert.equal(await other(shop, 'ps', '-q'), '');
    });

    it('each leaves alone what the other has made', { skip: !program.agrees }, async () => {
      await using shop = project(`
services:
  web:
    image: busybox
    command: ${obedient(':')}
    env_file: ./variables
    environment: [A=1]
    labels: { b: "<2>" }
    links: [db]
    healthcheck: { test: "true", interval: 90s }
    volumes: ['data:/data', /own, './variables:/file:ro']
    ulimits: { nofile: 100 }
    deploy: { resources: { limits: { memory: 50M } } }
  db: { image: busybox, command: ${obedient(':')}, networks: { default: { aliases: [d] } }, ipc: shareable, use_api_socket: true }
  pair: { image: busybox, command: ${obedient(':')}, network_mode: 'service:db', ipc: 'service:db', volumes_from: ['web:ro'] }
volumes: { data: }
`);
      shop.write('variables', 'B=2\n');
      const ids = async () => (await shop.out('ps', '-q')).split('\n').sort();
      await shop.out('up', '-d');
      const made = await ids();
      await other(shop, 'up', '-d');
      assert.deepEqual(await ids(), made);
      await shop.out('down', '-t', '0');
      await other(shop, 'up', '-d');
      const others = await ids();
      await shop.out('up', '-d');
      assert.deepEqual(await ids(), others);
    });
  });
}
