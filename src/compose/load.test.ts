// biome-ignore-all lint/suspicious/noTemplateCurlyInString: variables of Compose files
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { loadProject } from '#compose/load.ts';
import { DhowError } from '#errors/error.ts';

interface Setting {
  files?: string[];
  variables?: Record<string, string>;
  profiles?: string[];
  unset?: string[];
}

function load(contents: Record<string, string>, setting: Setting = {}) {
  return loadProject(
    {
      files: setting.files ?? ['/p/compose.yaml'],
      directory: '/p',
      name: undefined,
      variables: new Map(Object.entries(setting.variables ?? {})),
      profiles: setting.profiles ?? [],
    },
    {
      read(path) {
        const content = contents[path];
        if (content === undefined) throw new DhowError('NotFound', `no such file: ${path}`);
        return content;
      },
      home: '/home/me',
      fetch: (address) => `/fetched/${address.split('/').at(-1)}/compose.yaml`,
      onUnset: (name) => setting.unset?.push(name),
    },
  );
}

const one = (content: string, setting: Setting = {}) => load({ '/p/compose.yaml': content }, setting);
const service = (content: string, setting: Setting = {}) =>
  one(`services:\n  web:\n    image: i\n${content}`, setting).services['web'];

describe('loadProject', () => {
  it('reads anchors and merge keys; what stands beside << wins', () => {
    const project = one(`
x-base: &base { image: i, environment: { A: 1, B: 2 } }
services:
  a: { <<: *base, hostname: h }
  b: { environment: { B: 3 }, <<: [*base] }
`);
    assert.deepEqual(project.services['a']?.environment, { A: '1', B: '2' });
    assert.deepEqual(project.services['b']?.environment, { B: '3' });
    assert.equal(project.services['b']?.image, 'i');
  });

  it('merges files: mappings by key, lists joined, commands replaced, ports and volumes by identity', () => {
    const project = load(
      {
        '/p/a.yaml': `
services:
  web:
    image: one
    command: [a, b]
    environment: { A: '1', B: '2' }
    dns: 1.1.1.1
    ports: ['80:80', '81:81']
    volumes: ['/old:/data', '/x:/x']
    logging: { driver: json-file, options: { max-size: 1m } }
`,
        '/p/b.yaml': `
services:
  web:
    image: two
    command: c
    environment: [B=3, C]
    dns: [2.2.2.2]
    ports: [{ target: 80, published: '80', protocol: tcp }, '82:82']
    volumes: ['/new:/data']
    logging: { driver: local }
`,
      },
      { files: ['/p/a.yaml', '/p/b.yaml'], variables: { C: 'given' } },
    );
    const web = project.services['web'];
    assert.equal(web?.image, 'two');
    assert.deepEqual(web?.command, ['c']);
    assert.deepEqual(web?.environment, { A: '1', B: '3', C: 'given' });
    assert.deepEqual(web?.dns, ['1.1.1.1', '2.2.2.2']);
    assert.deepEqual(
      web?.ports?.map(({ target }) => target),
      [80, 81, 82],
    );
    assert.deepEqual(
      web?.volumes?.map(({ source, target }) => [source, target]),
      [
        ['/new', '/data'],
        ['/x', '/x'],
      ],
    );
    assert.deepEqual(web?.logging, { driver: 'local' });
  });

  it('lets !reset remove and !override replace', () => {
    const project = load(
      {
        '/p/a.yaml': `services: { web: { image: i, dns: [a], expose: ['1'], hostname: h } }`,
        '/p/b.yaml': 'services: { web: { dns: !override [b], expose: !reset [], hostname: !reset null } }',
      },
      { files: ['/p/a.yaml', '/p/b.yaml'] },
    );
    assert.deepEqual(project.services['web'], { image: 'i', dns: ['b'], networks: { default: null } });
  });

  it('extends services of the same and of other files, whose paths start where they lie', () => {
    const project = load({
      '/p/compose.yaml': `
services:
  base: { image: i, environment: { A: '1' } }
  web: { extends: base, environment: { B: '2' } }
  far: { extends: { file: sub/other.yaml, service: o } }
`,
      '/p/sub/other.yaml': 'services: { o: { image: o, volumes: [./d:/d] } }',
    });
    assert.deepEqual(project.services['web']?.environment, { A: '1', B: '2' });
    assert.equal(project.services['far']?.volumes?.[0]?.source, '/p/sub/d');
  });

  it('refuses services that extend each other', () => {
    assert.throws(
      () => one('services:\n  a: { extends: b }\n  b: { extends: a }\n'),
      /compose\.yaml:2:\d+: services\.\w\.extends: services extend each other|compose\.yaml:3:\d+/,
    );
  });

  it('includes files with their own directory, .env and services, and refuses two meanings of one name', () => {
    const inner = 'services: { db: { image: "db:${V}", build: . } }';
    const files = { '/p/sub/c.yaml': inner, '/p/sub/.env': 'V=5' };
    const project = load({
      ...files,
      '/p/compose.yaml': 'include: [sub/c.yaml]\nservices: { web: { image: i } }',
    });
    assert.equal(project.services['db']?.image, 'db:5');
    assert.equal(project.services['db']?.build?.context, '/p/sub');
    assert.throws(
      () => load({ ...files, '/p/compose.yaml': 'include: [sub/c.yaml]\nservices:\n  db: { image: i }' }),
      /compose\.yaml:3:7: services\.db is also defined by the included \/p\/sub\/c\.yaml:1/,
    );
    assert.throws(
      () => load({ '/p/compose.yaml': 'include: [a.yaml]', '/p/a.yaml': 'include: [compose.yaml]' }),
      /files include each other/,
    );
  });

  it('includes what lies elsewhere, whose paths start where it was brought to', () => {
    const project = load({
      '/p/compose.yaml': 'include: [https://h/shop.git]\nservices: { web: { image: i } }\n',
      '/fetched/shop.git/compose.yaml': 'services: { far: { image: f, volumes: [./d:/d] } }\n',
    });
    assert.equal(project.services['far']?.volumes?.[0]?.source, '/fetched/shop.git/d');
  });

  it('interpolates values and reports what nobody set', () => {
    const unset: string[] = [];
    const setting = { variables: { A: 'a', E: '' }, unset };
    const web = service(
      '    labels: [ "1=$A", "2=${E:-d}", "3=${E-d}", "4=${A:+y}", "5=${N:-${A}}", "6=$$A", "7=${U}" ]\n',
      setting,
    );
    assert.deepEqual(Object.values(web?.labels ?? {}), ['a', 'd', '', 'y', 'a', '$A', '']);
    assert.deepEqual(unset, ['U']);
    assert.throws(
      () => service('    user: ${U:?say who}\n'),
      /compose\.yaml:4:11: required variable U is missing a value: say who/,
    );
  });

  it('takes services by profile, and a dependency on one that is off is an error', () => {
    const text = 'services: { a: { image: i }, b: { image: i, profiles: [dev] } }';
    assert.deepEqual(Object.keys(one(text).services), ['a']);
    assert.deepEqual(Object.keys(one(text, { profiles: ['dev'] }).services), ['a', 'b']);
    assert.deepEqual(Object.keys(one(text, { profiles: ['*'] }).services), ['a', 'b']);
    const needing = 'services:\n  a: { image: i, depends_on: [b] }\n  b: { image: i, profiles: [dev] }\n';
    assert.throws(
      () => one(needing),
      /compose\.yaml:2:6: services\.a: depends on "b", which no chosen profile enables/,
    );
  });

  it('puts env_file under environment', () => {
    const project = load({
      '/p/compose.yaml':
        'services: { web: { image: i, env_file: [e, { path: gone, required: false }], environment: { A: own } } }',
      '/p/e': `A=1\nB="two\\nlines" # comment\nC='$raw'\nexport D=\${B}!\n`,
    });
    assert.deepEqual(project.services['web']?.environment, {
      A: 'own',
      B: 'two\nlines',
      C: '$raw',
      D: 'two\nlines!',
    });
  });

  it('expands port ranges', () => {
    const web = service("    ports: ['127.0.0.1:3000-3001:4000-4001/udp', '[::1]:5:6', 7]\n");
    assert.deepEqual(web?.ports, [
      { mode: 'ingress', target: 4000, published: '3000', host_ip: '127.0.0.1', protocol: 'udp' },
      { mode: 'ingress', target: 4001, published: '3001', host_ip: '127.0.0.1', protocol: 'udp' },
      { mode: 'ingress', target: 6, published: '5', host_ip: '::1', protocol: 'tcp' },
      { mode: 'ingress', target: 7, protocol: 'tcp' },
    ]);
  });

  it('names the project after the files or the directory', () => {
    assert.equal(one('services: {}').name, 'p');
    assert.equal(one('name: "${X}"\nservices: {}', { variables: { X: 'mine' } }).name, 'mine');
    assert.throws(() => one('name: Mine\nservices: {}'), /invalid project name "Mine"/);
  });

  const mistakes: [string, RegExp][] = [
    ['    imag: x\n', /^\/p\/compose\.yaml:4:11: services\.web: unknown key "imag"$/],
    ['    provider: { type: x }\n', /services\.web: "provider" is not supported yet/],
    ['    devices: [x]\n', /device "x"/],
    ['    pull_policy: every_while\n', /"every_while" is none of/],
    [
      '    mem_limit: lots\n',
      /:4:16: services\.web\.mem_limit must be an amount of bytes such as 512m, not a text \("lots"\)/,
    ],
    ['    networks: [n]\n', /network "n" is not defined under networks/],
    ['    volumes: [v:/v]\n', /volume "v" is not defined under volumes/],
    ['    ports: [a]\n', /:4:13: invalid port "a"/],
    ['    user: [x\n', /compose\.yaml:\d+:\d+: /],
    ['    user: "$"\n', /write \$\$ for a dollar/],
    ['    user: !other x\n', /the tag !other is not known/],
  ];
  for (const [line, message] of mistakes) {
    it(`refuses ${line.trim()}`, () => {
      assert.throws(
        () => service(line),
        (error: Error) => message.test(error.message) || assert.fail(error.message),
      );
    });
  }

  it('refuses aliases that grow without end', () => {
    let text = 'x-0: &a0 [x,x,x,x,x,x,x,x,x,x]\n';
    for (let index = 1; index < 9; index++) {
      text += `x-${index}: &a${index} [${Array.from({ length: 10 }, () => `*a${index - 1}`).join(',')}]\n`;
    }
    assert.throws(() => one(text), /more than 100000 values/);
  });
});
