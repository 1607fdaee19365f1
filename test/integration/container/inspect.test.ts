import assert from 'node:assert/strict';
import { after, before, it } from 'node:test';
import { describeEngine } from '../../support/describe-engine.ts';

describeEngine('inspect', ({ cli, unique }) => {
  const name = unique('inspected');
  let id = '';
  before(async () => {
    id = await cli.out(
      'run',
      '-d',
      '--name',
      name,
      '-e',
      'A=1',
      '-l',
      'tier=web',
      '-p',
      '127.0.0.1::80',
      '-v',
      '/data',
      '-m',
      '64m',
      '--cpus',
      '1.5',
      '--restart',
      'on-failure:3',
      'busybox',
      'sleep',
      '1000',
    );
  });
  after(() => cli.out('rm', '-f', '-v', name));

  const cases: [what: string, template: string, expected: string | RegExp | (() => string)][] = [
    ['a field', '{{.Id}}', () => id],
    ['the name with its slash', '{{.Name}}', () => `/${name}`],
    ['the state', '{{.State.Status}} {{.State.Running}} {{.State.ExitCode}}', 'running true 0'],
    ['the program', '{{.Path}} {{json .Args}}', 'sleep ["1000"]'],
    ['a list', '{{range .Config.Env}}{{println .}}{{end}}', 'A=1\nPATH=/usr/sbin:/bin'],
    ['a map', '{{index .Config.Labels "tier"}}', 'web'],
    ['the image', '{{.Config.Image}}', 'busybox'],
    ['limits', '{{.HostConfig.Memory}} {{.HostConfig.NanoCpus}}', '67108864 1500000000'],
    ['a policy', '{{with .HostConfig.RestartPolicy}}{{.Name}} {{.MaximumRetryCount}}{{end}}', 'on-failure 3'],
    ['a port', '{{(index (index .NetworkSettings.Ports "80/tcp") 0).HostIp}}', '127.0.0.1'],
    ['an address', '{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}', /^\d+\.\d+\.\d+\.\d+$/],
    ['a mount', '{{range .Mounts}}{{.Type}} {{.Destination}} {{.RW}}{{end}}', 'volume /data true'],
    ['json', '{{json .State.Paused}}', 'false'],
    ['a condition', '{{if eq .State.Status "running"}}up{{else}}down{{end}}', 'up'],
    ['a function', '{{slice .Id 0 12 | upper}}', () => id.slice(0, 12).toUpperCase()],
  ];
  for (const [what, template, expected] of cases) {
    it(`--format shows ${what}`, async () => {
      const shown = await cli.out('inspect', '--format', template, name);
      if (expected instanceof RegExp) assert.match(shown, expected);
      else assert.equal(shown, typeof expected === 'string' ? expected : expected());
    });
  }

  it('without --format prints a list of objects', async () => {
    const [object] = JSON.parse(await cli.out('inspect', name));
    assert.equal(object.Id, id);
    assert.equal(object.HostConfig.Memory, 64 << 20);
    assert.match(object.Created, /^\d{4}-\d\d-\d\dT/);
  });

  it('shows the paths that are masked or read-only, and that there are none', async () => {
    const pathsWith = async (...options: string[]): Promise<(string[] | null)[]> => {
      const made = await cli.out('create', ...options, 'busybox');
      const template = '[{{json .HostConfig.MaskedPaths}},{{json .HostConfig.ReadonlyPaths}}]';
      const paths = JSON.parse(await cli.out('inspect', '--format', template, made));
      await cli.out('rm', made);
      return paths;
    };
    const [masked, readonly] = await pathsWith();
    assert.ok(masked?.includes('/proc/kcore') && masked.includes('/sys/firmware'), String(masked));
    assert.deepEqual(readonly, ['/proc/bus', '/proc/fs', '/proc/irq', '/proc/sys', '/proc/sysrq-trigger']);
    assert.deepEqual(await pathsWith('--privileged'), [null, null]);
    assert.deepEqual(await pathsWith('--security-opt', 'systempaths=unconfined'), [[], []]);
  });

  it('finds a container by a beginning of its id', async () => {
    assert.equal(await cli.out('inspect', '--format', '{{.Name}}', id.slice(0, 8)), `/${name}`);
  });

  it('--size adds what the container wrote', async () => {
    await cli.out('exec', name, 'sh', '-c', 'head -c 100000 /dev/zero > /written');
    assert.ok(Number(await cli.out('inspect', '--size', '--format', '{{.SizeRw}}', name)) >= 100_000);
  });

  it('names what does not exist and prints the rest', async () => {
    const { code, stdout, stderr } = await cli.run([
      'inspect',
      '--format',
      '{{.Id}}',
      name,
      'no-such-object',
    ]);
    assert.equal(code, 1);
    assert.equal(stdout, `${id}\n`);
    assert.match(stderr, /no such object: no-such-object/i);
  });

  it('refuses a template that is none', async () => {
    const { code, stderr } = await cli.run(['inspect', '--format', '{{.Id', name]);
    assert.notEqual(code, 0);
    assert.match(stderr, /template parsing error/i);
  });
});
