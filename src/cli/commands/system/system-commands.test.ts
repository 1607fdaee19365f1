import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { command as containerInspect } from '#cli/commands/container/inspect.ts';
import { command as ps } from '#cli/commands/container/ls.ts';
import { formatBindings } from '#cli/commands/container/port.ts';
import { command as events } from '#cli/commands/system/events.ts';
import { command as info } from '#cli/commands/system/info.ts';
import { command as inspect } from '#cli/commands/system/inspect.ts';
import { parseMoment } from '#cli/commands/system/timestamp.ts';
import { command as version } from '#cli/commands/system/version.ts';
import { runCommand } from '#cli/testing/fake-context.ts';

process.env['TZ'] = 'UTC';

suite('inspect', () => {
  // Numbers beyond a double and escapes must come out as they came in.
  const container =
    '{"Id":"abc","Name":"/x","Empty":{},"None":[],"State":{"Pid":12},"Big":12345678901234567890,"E":"\\u003c[1]"}';
  const answers = {
    'GET /containers/x/json': { body: container },
    'GET /images/img/json': { body: '{"Id":"sha256:1"}' },
    'GET /volumes/v': { body: '{"Name":"v"}' },
    'GET /containers/broken/json': { status: 500, body: { message: 'disk failure' } },
  };

  test('prints the daemon\u2019s JSON indented, with its digits and escapes', async () => {
    const result = await runCommand(containerInspect, { answers, operands: ['x'] });
    assert.equal(
      result.stdout,
      `[
    {
        "Id": "abc",
        "Name": "/x",
        "Empty": {},
        "None": [],
        "State": {
            "Pid": 12
        },
        "Big": 12345678901234567890,
        "E": "\\u003c[1]"
    }
]
`,
    );
  });

  test('finds whatever has the name, and reports the others after what was found', async () => {
    const result = await runCommand(inspect, {
      answers,
      operands: ['nope', 'v', 'img', 'x'],
      options: { format: '{{json .Name}}' },
    });
    assert.deepEqual([result.code, result.stdout], [1, '"v"\n"/x"\n']);
    assert.match(
      result.stderr,
      /^Error: No such object: nope\ntemplate parsing error: .*no entry for key "Name"\n$/,
    );
  });

  const outcomes: [string, Record<string, unknown>, string[], number, string, string][] = [
    ['of nothing is an empty array', {}, ['nope'], 1, '[]\n', 'Error: No such object: nope\n'],
    [
      'of nothing with a template is an empty line',
      { format: '{{.Id}}' },
      ['nope'],
      1,
      '\n',
      'Error: No such object: nope\n',
    ],
    ['as json is dense', { format: 'json', type: 'volume' }, ['v'], 0, '[{"Name":"v"}]\n', ''],
    [
      'with a broken template asks nobody',
      { format: '{{.Id' },
      ['x'],
      64,
      '',
      'template parsing error: template: :1: unclosed action\n',
    ],
    [
      'does not take a failure for absence',
      {},
      ['broken'],
      1,
      '[]\n',
      'Error response from daemon: disk failure\n',
    ],
    [
      'warns of a size that has no meaning',
      { type: 'image', size: true, format: '{{.Id}}' },
      ['img'],
      0,
      'sha256:1\n',
      'WARNING: --size ignored for images\n',
    ],
  ];
  for (const [name, options, operands, code, stdout, stderr] of outcomes) {
    test(name, async () => {
      const result = await runCommand(inspect, { answers, options, operands });
      assert.deepEqual([result.code, result.stdout, result.stderr], [code, stdout, stderr]);
    });
  }

  test('refuses a type that it does not know', async () => {
    const result = await runCommand(inspect, { options: { type: 'foo' }, operands: ['x'] });
    assert.match(result.thrown ?? '', /^unknown type: "foo": must be one of "config", "container"/);
  });
});

suite('container ls', () => {
  const answers = { 'GET /containers/json': { body: [] } };
  const queries: [Record<string, unknown>, Record<string, unknown>][] = [
    [{}, {}],
    [
      { all: true, size: true },
      { all: true, size: true },
    ],
    [{ latest: true }, { limit: 1 }],
    [{ last: 5 }, { limit: 5 }],
    [{ latest: true, last: 5 }, { limit: 5 }],
    [{ format: 'table {{.Size}}' }, { size: true }],
    [{ format: '{{.ID}} .Size' }, {}],
    [{ format: 'json' }, {}],
    [{ filter: [['status', 'exited']] }, { filters: '{"status":["exited"]}' }],
  ];
  for (const [options, query] of queries) {
    test(`${JSON.stringify(options)} asks for ${JSON.stringify(query)}`, async () => {
      const result = await runCommand(ps, { answers, options });
      assert.deepEqual([result.code, result.calls[0]?.query], [0, query]);
    });
  }

  test('prints its header also when there is nothing below it', async () => {
    const result = await runCommand(ps, { answers });
    assert.equal(result.stdout, 'CONTAINER ID   IMAGE     COMMAND   CREATED   STATUS    PORTS     NAMES\n');
  });
});

suite('container port', () => {
  const ports = {
    '80/tcp': [
      { HostIp: '0.0.0.0', HostPort: '8080' },
      { HostIp: '::', HostPort: '8080' },
    ],
    '53/udp': [{ HostIp: '127.0.0.1', HostPort: '5353' }],
    '443/tcp': null,
  };
  const cases: [string | undefined, string[]][] = [
    [undefined, ['53/udp -> 127.0.0.1:5353', '80/tcp -> 0.0.0.0:8080', '80/tcp -> [::]:8080']],
    ['80', ['0.0.0.0:8080', '[::]:8080']],
    ['53/udp', ['127.0.0.1:5353']],
  ];
  for (const [wanted, lines] of cases) {
    test(`of ${wanted ?? 'all'}`, () => assert.deepEqual(formatBindings(ports, 'web', wanted), lines));
  }
  for (const wanted of ['53', '443', '99']) {
    test(`of ${wanted}, which is not published`, () => {
      const message = `Error: No public port '${wanted}' published for web`;
      assert.throws(() => formatBindings(ports, 'web', wanted), { name: 'NotFound', message });
    });
  }
  for (const wanted of ['', 'abc', '70000', '80/tcp/x']) {
    test(`of ${JSON.stringify(wanted)}, which is no port`, () => {
      assert.throws(() => formatBindings(ports, 'web', wanted), { name: 'InvalidParameter' });
    });
  }
});

suite('events', () => {
  const event =
    '{"status":"start","id":"abc","Type":"container","Action":"start","Actor":{"ID":"abc","Attributes":{"name":"web","image":"bb"}},"scope":"local","time":1764000000,"timeNano":1764000000123456789}\n';
  const answers = { 'GET /events': { body: event } };
  const formats: [string | undefined, string][] = [
    [undefined, '2025-11-24T16:00:00.123456789Z container start abc (image=bb, name=web)\n'],
    ['{{.Action}} {{.Actor.Attributes.name}} {{.TimeNano}}', 'start web 1764000000123456789\n'],
    ['json', event],
  ];
  for (const [format, stdout] of formats) {
    test(`as ${format ?? 'text'}`, async () => {
      const expected =
        format === 'json' ? stdout.replace('"name":"web","image":"bb"', '"image":"bb","name":"web"') : stdout;
      const result = await runCommand(events, { answers, options: { format } });
      assert.deepEqual([result.code, result.stdout], [0, expected]);
    });
  }

  test('a wrong template is told before the daemon is asked', async () => {
    const result = await runCommand(events, { answers, options: { format: '{{.Foo}}' } });
    assert.deepEqual([result.code, result.calls], [64, []]);
    assert.match(
      result.stderr,
      /^Error parsing format: .*can't evaluate field Foo in type \*events\.Message\n$/,
    );
  });

  const now = Date.parse('2024-05-06T07:08:09.500Z');
  const moments: [string, string][] = [
    ['1714979289', '1714979289'],
    ['1714979289.000000001', '1714979289.000000001'],
    ['10m', '1714978689.500000000'],
    ['1h30m', '1714973889.500000000'],
    ['1.5s', '1714979288.000000000'],
    ['2024-05-06', '1714953600.000000000'],
    ['2024-05-06T07:08', '1714979280.000000000'],
    ['2024-05-06T07:08:09.123456789Z', '1714979289.123456789'],
    ['2024-05-06T07:08:09+02:00', '1714972089.000000000'],
  ];
  for (const [text, seconds] of moments) {
    test(`${text} is the second ${seconds}`, () => assert.equal(parseMoment(text, now), seconds));
  }
  for (const text of ['', 'garb', '2024-13-01', '10x', '2024-05-06 07:08']) {
    test(`${JSON.stringify(text)} is no moment`, () => {
      assert.throws(() => parseMoment(text, now), { name: 'InvalidParameter' });
    });
  }
});

suite('version and info', () => {
  const server = {
    Platform: { Name: '' },
    Components: [
      {
        Name: 'Engine',
        Version: '20.10.24',
        Details: {
          ApiVersion: '1.41',
          MinAPIVersion: '1.12',
          GoVersion: 'go1.19',
          GitCommit: 'abc',
          BuildTime: '2026-05-07T21:09:36.000000000+00:00',
          Os: 'linux',
          Arch: 'amd64',
          Experimental: 'false',
        },
      },
      { Name: 'runc', Version: '1.1.5', Details: { GitCommit: 'def' } },
    ],
    Version: '20.10.24',
    ApiVersion: '1.41',
  };

  test('version prints the daemon as docker does', async () => {
    const result = await runCommand(version, { answers: { 'GET /version': { body: server } } });
    assert.equal(
      result.stdout.slice(result.stdout.indexOf('Server:')),
      `Server:
 Engine:
  Version:          20.10.24
  API version:      1.41 (minimum version 1.12)
  Go version:       go1.19
  Git commit:       abc
  Built:            Thu May  7 21:09:36 2026
  OS/Arch:          linux/amd64
  Experimental:     false
 runc:
  Version:          1.1.5
  GitCommit:        def
`,
    );
    assert.match(
      result.stdout,
      /^Client: Dhow\n Version: .*\n API version: {7}1\.41 \(downgraded from 1\.\d\d\)\n/,
    );
  });

  test('version without a daemon tells of the client and fails', async () => {
    const result = await runCommand(version);
    assert.equal(result.code, 1);
    assert.match(result.stdout, /^Client: Dhow\n/);
    assert.equal(result.stderr, 'Error response from daemon: No such thing: /version\n');
  });

  test('a template of version that fails ends its line', async () => {
    const result = await runCommand(version, {
      answers: { 'GET /version': { body: server } },
      options: { format: '{{.Server.Foo}}' },
    });
    assert.equal(result.stdout, '\n');
    assert.match(result.thrown ?? '', /^template: version:1:9: .*in type \*types\.Version$/);
  });

  test('info gives its members by their names in Go, and the client', async () => {
    const result = await runCommand(info, {
      answers: {
        'GET /info': {
          body: { ServerVersion: '1', NCPU: 2, HttpProxy: 'p', Runtimes: { runc: { path: 'r' } } },
        },
      },
      options: {
        format:
          '{{.ServerVersion}} {{.NCPU}} {{.HTTPProxy}} {{range $n, $r := .Runtimes}}{{$n}}={{$r.Path}}{{end}} {{.ClientInfo.Context}}',
      },
    });
    assert.equal(result.stdout, '1 2 p runc=r default\n');
  });

  test('info without a daemon tells of the client and fails', async () => {
    const result = await runCommand(info);
    assert.deepEqual([result.code, result.stdout.startsWith('Client: Dhow\n')], [1, true]);
    assert.match(result.stderr, /^ERROR: Error response from daemon: No such thing: \/info\n/);
  });
});
