import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseChallenges } from '#registry/auth/challenge.ts';

const read = (header: string) =>
  parseChallenges(header).map(({ scheme, parameters }) => [scheme, Object.fromEntries(parameters)]);

test('challenges are read as registries send them', () => {
  const cases: [header: string, challenges: [string, Record<string, string>][]][] = [
    ['', []],
    [' , ,', []],
    ['Basic', [['basic', {}]]],
    ['Basic realm="basic-realm"', [['basic', { realm: 'basic-realm' }]]],
    [
      'Bearer realm="https://auth.docker.io/token",service="registry.docker.io",scope="repository:library/busybox:pull"',
      [
        [
          'bearer',
          {
            realm: 'https://auth.docker.io/token',
            service: 'registry.docker.io',
            scope: 'repository:library/busybox:pull',
          },
        ],
      ],
    ],
    ['BEARER Realm = "a" , SERVICE="b"', [['bearer', { realm: 'a', service: 'b' }]]],
    ['Bearer realm="a,b=c",x="y"', [['bearer', { realm: 'a,b=c', x: 'y' }]]],
    ['Bearer realm="a \\"quoted\\" \\\\ b"', [['bearer', { realm: 'a "quoted" \\ b' }]]],
    ['Bearer realm=""', [['bearer', { realm: '' }]]],
    ['Bearer realm=https://h/t?a=b,service=s', [['bearer', { realm: 'https://h/t?a=b', service: 's' }]]],
    ['Bearer realm="a",realm="b"', [['bearer', { realm: 'a' }]]],
    [
      'Bearer realm="a",error="insufficient_scope"',
      [['bearer', { realm: 'a', error: 'insufficient_scope' }]],
    ],
    [
      'Basic realm="x", Bearer realm="y",service="z"',
      [
        ['basic', { realm: 'x' }],
        ['bearer', { realm: 'y', service: 'z' }],
      ],
    ],
    [
      'Negotiate, Basic realm="x"',
      [
        ['negotiate', {}],
        ['basic', { realm: 'x' }],
      ],
    ],
    [
      'Negotiate YII=, Basic realm="x"',
      [
        ['negotiate', {}],
        ['basic', { realm: 'x' }],
      ],
    ],
    ['Bearer realm="a",__proto__="b"', [['bearer', JSON.parse('{"realm":"a","__proto__":"b"}')]]],
    // What cannot be read ends the reading.
    ['Bearer realm="open', [['bearer', {}]]],
    ['Bearer realm="a",service=', [['bearer', { realm: 'a' }]]],
    ['Bearer realm="a" "junk"', [['bearer', { realm: 'a' }]]],
    ['"junk" Bearer realm="a"', []],
    ['=', []],
  ];
  for (const [header, challenges] of cases) assert.deepEqual(read(header), challenges, header);
});

test('a very long header is read up to its bound and without delay', () => {
  assert.equal(parseChallenges('a,'.repeat(1_000_000)).length, 8192);
  assert.deepEqual(read(`Bearer realm="${'\\'.repeat(1_000_000)}`), [['bearer', {}]]);
});
