// biome-ignore-all lint/suspicious/noTemplateCurlyInString: variables of Compose files
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { loadModel, variablesOf } from '#compose/load-model.ts';
import { DhowError } from '#errors/error.ts';

const files: Readonly<Record<string, string>> = {
  '/p/compose.yaml': `
services:
  web:
    image: "i:\${TAG:-1}"
    command: "echo $$HOME $X"
    ports: ["\${PORT:-80}:80", "1:2"]
    volumes: ["./src:/src", "\${V}:/v"]
    environment: ["A=\${REQ:?must}"]
    extra_hosts: ["\${H}"]
  db: { image: "\${IMG-x\${NEST:-y}}", network_mode: host }
volumes: { data: , shared: { external: true } }
`,
  '/p/override.yaml': 'services: { web: { environment: { B: "${ALT:+alt}" } } }\n',
};

const load = (written: { variables?: boolean; paths?: boolean; defaults?: boolean }) =>
  loadModel(
    {
      files: Object.keys(files),
      directory: '/p',
      name: 'shop',
      variables: new Map([
        ['REQ', 'r'],
        ['H', 'h=1.2.3.4'],
        ['V', 'data'],
      ]),
      profiles: [],
    },
    { variables: false, paths: false, defaults: false, ...written },
    {
      read(path) {
        const content = files[path];
        if (content === undefined) throw new DhowError('NotFound', path);
        return content;
      },
      home: undefined,
      fetch: (address) => address,
      onUnset() {},
    },
  );

describe('the model of a project', () => {
  it('keeps variables, and takes apart what holds none', () => {
    assert.deepEqual(load({ variables: true }), {
      name: 'shop',
      services: {
        web: {
          image: 'i:${TAG:-1}',
          command: 'echo $$HOME $X',
          ports: ['${PORT:-80}:80', { mode: 'ingress', target: 2, published: '1', protocol: 'tcp' }],
          volumes: [
            { type: 'bind', source: '/p/src', target: '/src', bind: { create_host_path: true } },
            '${V}:/v',
          ],
          environment: { A: '${REQ:?must}', B: '${ALT:+alt}' },
          extra_hosts: ['${H}'],
          networks: { default: null },
        },
        db: { image: '${IMG-x${NEST:-y}}', network_mode: 'host' },
      },
      networks: { default: { name: 'shop_default' } },
      volumes: { data: { name: 'shop_data' }, shared: { name: 'shared', external: true } },
    });
  });

  it('keeps paths, and adds nothing where that is asked', () => {
    const { services, networks, volumes } = load({ paths: true, defaults: true }) as {
      services: { web: { volumes: unknown[]; networks?: unknown } };
      networks?: unknown;
      volumes: unknown;
    };
    assert.deepEqual(
      services.web.volumes.map((volume) => (volume as { source: string }).source),
      ['./src', 'data'],
    );
    assert.deepEqual([services.web.networks, networks], [undefined, undefined]);
    assert.deepEqual(volumes, { data: null, shared: { external: true } });
  });

  it('tells all variables, also those in the words of others', () => {
    assert.deepEqual(
      variablesOf(load({ variables: true })).map(({ name, operator = '', word }) => name + operator + word),
      ['ALT+alt', 'H', 'IMG-x${NEST:-y}', 'NEST-y', 'PORT-80', 'REQ?must', 'TAG-1', 'V', 'X'],
    );
  });
});
