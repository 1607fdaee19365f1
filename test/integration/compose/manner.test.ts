import assert from 'node:assert/strict';
import { it } from 'node:test';
import { waitFor } from '../../support/wait-for.ts';
import { describeCompose, obedient } from './describe-compose.ts';

describeCompose('compose › options in front of the command', ({ engine, project }) => {
  const two = `
services:
  web: { image: busybox, command: ${obedient('echo hi')}, depends_on: [db], volumes: ['data:/data'] }
  db: { image: busybox, command: ${obedient(':')} }
volumes: { data: , spare: }
networks: { spare: }
`;

  it('--dry-run tells the plan in order and does nothing, in front of the command or behind it', async () => {
    await using shop = project(two);
    const { name } = shop;
    const dry = async (...args: string[]): Promise<string[]> => {
      const { code, stderr } = await shop.run(args);
      assert.equal(code, 0, stderr);
      const lines = stderr.trimEnd().split('\n');
      return lines.map((line) => {
        assert.ok(line.startsWith(' DRY-RUN MODE -  '), line);
        return line.slice(' DRY-RUN MODE -  '.length);
      });
    };
    const all = (): Promise<string> => shop.out('ps', '--all', '--quiet');

    const up = await dry('--dry-run', 'up', '-d');
    assert.ok(
      up.indexOf(`Container ${name}-db-1  Started`) < up.indexOf(`Container ${name}-web-1  Starting`),
    );
    assert.ok(up.includes(`Network ${name}_default  Created`) && up.includes(`Volume ${name}_data  Created`));
    assert.equal(await all(), '');
    const attached = await shop.run(['--dry-run', 'up']);
    assert.match(attached.stdout, /^end of 'compose up' output/);
    assert.equal(await all(), '');

    await shop.out('up', '-d');
    const before = await all();
    for (const verb of [['stop'], ['kill'], ['restart'], ['rm', '-sf'], ['down', '-v'], ['pause']]) {
      assert.ok((await dry(...verb, '--dry-run')).length >= 4, verb.join(' '));
    }
    await dry('--dry-run', 'up', '-d', '--force-recreate');
    await dry('--dry-run', 'scale', 'web=3');
    shop.write('file', 'content');
    assert.deepEqual(await dry('--dry-run', 'cp', `${shop.directory}/file`, 'db:/file'), [
      `${name}-db-1 copy ${shop.directory}/file to ${name}-db-1:/file  Copying`,
      `${name}-db-1 copy ${shop.directory}/file to ${name}-db-1:/file  Copied`,
    ]);
    assert.equal((await shop.run(['exec', 'db', 'test', '-e', '/file'])).code, 1);
    assert.equal(await all(), before);
    assert.equal(await shop.inspect('web-1', '.State.Status'), 'running');

    const detached = await shop.run(['--dry-run', 'exec', '-d', 'db', 'touch', '/made']);
    assert.match(
      detached.stdout,
      /^ DRY-RUN MODE - Executing command \["touch" "\/made"\] in \w+ \(detached mode\)\n$/,
    );
    assert.equal((await shop.run(['exec', 'db', 'test', '-e', '/made'])).code, 1);
    for (const verb of ['exec', 'run']) {
      const refused = await shop.run(['--dry-run', verb, 'db', 'true']);
      assert.match(refused.stderr, new RegExp(`interactive ${verb} is not supported in dry-run mode`));
    }
  });

  it('--dry-run builds and pushes nothing', async () => {
    await using shop = project('services: { app: { build: ., image: "dry/app" } }');
    shop.write('Dockerfile', 'FROM busybox\nRUN true\n');
    for (const args of [
      ['build', '--push'],
      ['up', '-d'],
    ]) {
      const { code, stderr } = await shop.run(['--dry-run', ...args]);
      assert.equal(code, 0, stderr);
      assert.match(stderr, /DRY-RUN MODE - {2}Image dry\/app {2}Built/);
    }
    assert.equal(await engine().cli('dhow').out('images', '--quiet', 'dry/app'), '');
  });

  it('--progress and COMPOSE_PROGRESS: lines, JSON, painted, or nothing; COMPOSE_STATUS_STDOUT: on stdout', async () => {
    await using shop = project(two);
    const { name } = shop;
    await shop.out('up', '-d');
    const json = await shop.run(['--progress', 'json', 'restart', '-t', '0', 'db']);
    assert.deepEqual(
      json.stderr
        .trimEnd()
        .split('\n')
        .map((line): unknown => JSON.parse(line)),
      ['Restarting', 'Restarted'].map((status) => ({ id: `Container ${name}-db-1`, status })),
    );
    const silent = await shop.run(['restart', '-t', '0', 'db'], {
      environment: { COMPOSE_PROGRESS: 'quiet' },
    });
    assert.deepEqual([silent.code, silent.stderr], [0, '']);
    const painted = await shop.run(['--progress', 'tty', 'restart', '-t', '0', 'db']);
    assert.ok(painted.stderr.includes('\x1b[K'), painted.stderr);
    const forced = await shop.run(['--ansi', 'always', 'restart', '-t', '0', 'db']);
    assert.ok(forced.stderr.includes('\x1b[K'), forced.stderr);
    const moved = await shop.run(['restart', '-t', '0', 'db'], {
      environment: { COMPOSE_STATUS_STDOUT: '1' },
    });
    assert.deepEqual([moved.stderr, moved.stdout.split('\n').length], ['', 3]);

    const refusals: [string[], RegExp][] = [
      [['--progress', 'loud', 'ps'], /unsupported --progress value "loud"/],
      [
        ['--progress', 'tty', '--ansi', 'never', 'ps'],
        /can't use --progress tty while ANSI support is disabled/,
      ],
      [
        ['--progress', 'plain', '--ansi', 'always', 'ps'],
        /can't use --progress plain while ANSI support is forced/,
      ],
    ];
    for (const [args, message] of refusals) {
      const { code, stderr } = await shop.run(args);
      assert.equal(code, 1);
      assert.match(stderr, message);
    }
  });

  it('--ansi and COMPOSE_ANSI: whether output of containers is coloured', async () => {
    await using shop = project(two);
    await shop.out('up', '-d');
    const logs = (args: string[], environment: Record<string, string> = {}) =>
      shop.run([...args, 'logs', 'web'], { environment }).then(({ stdout }) => stdout);
    await waitFor('the output', async () => (await logs([])) === 'web-1  | hi\n');
    const coloured = '\x1b[36mweb-1  | \x1b[0mhi\n';
    assert.equal(await logs(['--ansi', 'always']), coloured);
    assert.equal(await logs([], { COMPOSE_ANSI: 'always' }), coloured);
    assert.equal(await logs(['--ansi', 'never'], { COMPOSE_ANSI: 'always' }), 'web-1  | hi\n');
    assert.equal(await logs(['--ansi', 'always'], { NO_COLOR: '1' }), 'web-1  | hi\n');
  });

  it('--parallel and COMPOSE_PARALLEL_LIMIT: so many at a time, also by .env', async () => {
    await using shop = project(`services: { web: { image: busybox, command: ${obedient(':')}, scale: 4 } }`);
    const alternates = ({ stderr }: { stderr: string }): boolean => {
      const lines = stderr.split('\n').filter((line) => line.includes('Container'));
      const [begun, ended] = [/ (Creating|Starting)$/, / (Created|Started)$/];
      return (
        lines.length === 16 && lines.every((line, index) => (index % 2 === 0 ? begun : ended).test(line))
      );
    };
    assert.ok(alternates(await shop.run(['--parallel', '1', 'up', '-d'])));
    await shop.out('down', '-t', '0');
    const limited = await shop.run(['up', '-d'], { environment: { COMPOSE_PARALLEL_LIMIT: '1' } });
    assert.ok(alternates(limited), limited.stderr);
    await shop.out('down', '-t', '0');
    shop.write('.env', 'COMPOSE_PARALLEL_LIMIT=1\n');
    assert.ok(alternates(await shop.run(['--project-directory', shop.directory, 'up', '-d'])));
    const wrong = await shop.run(['ps'], { environment: { COMPOSE_PARALLEL_LIMIT: 'two' } });
    assert.match(wrong.stderr, /COMPOSE_PARALLEL_LIMIT must be an integer \(found: "two"\)/);
  });

  it('--all-resources: what no service uses is made too', async () => {
    await using shop = project(two);
    const volumes = (): Promise<string> =>
      engine()
        .cli('dhow')
        .out('volume', 'ls', '-q', '--filter', `label=com.docker.compose.project=${shop.name}`);
    await shop.out('up', '-d');
    assert.equal(await volumes(), `${shop.name}_data`);
    await shop.out('--all-resources', 'up', '-d');
    assert.equal(await volumes(), `${shop.name}_data\n${shop.name}_spare`);
    await engine().cli('dhow').out('network', 'inspect', `${shop.name}_spare`);
  });

  it('--compatibility: names with underlines', async () => {
    await using shop = project(two);
    await shop.out('--compatibility', 'up', '-d');
    assert.equal(await shop.out('ps', '--format', '{{.Name}}'), `${shop.name}_db_1\n${shop.name}_web_1`);
    await waitFor('the output', async () => (await shop.out('logs', 'web')) === 'web_1  | hi');
  });

  it('--verbose: what the daemon is asked', async () => {
    await using shop = project(two);
    const { stderr } = await shop.run(['--verbose', 'ps', '-q']);
    assert.match(stderr, /^GET \/containers\/json$/m);
    assert.equal((await shop.run(['ps', '-q'])).stderr, '');
  });
});
