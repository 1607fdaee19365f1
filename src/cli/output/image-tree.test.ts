import assert from 'node:assert/strict';
import { test } from 'node:test';
import { renderImageTree } from '#cli/output/image-tree.ts';
import type { ImageManifestSummary, ImageSummary } from '#wire/images.ts';

const id = (digit: string): string => `sha256:${digit.repeat(64)}`;

function image(RepoTags: string[], Id: string, Manifests?: ImageManifestSummary[]): ImageSummary {
  return {
    ...{ Id, RepoTags, Size: 1_500_000, ...(Manifests ? { Manifests } : {}) },
    ...{ ParentId: '', RepoDigests: [], Created: 0, SharedSize: -1, Labels: null, Containers: -1 },
  };
}

function manifest(ID: string, architecture: string, Containers: string[]): ImageManifestSummary {
  return {
    ...{ ID, Available: true, Kind: 'image', Size: { Total: 2_000_000, Content: 500_000 } },
    Descriptor: { mediaType: '', digest: ID, size: 1 },
    ImageData: { Platform: { os: 'linux', architecture }, Containers, Size: { Unpacked: 1_500_000 } },
  };
}

test('each image stands above those for its platforms', () => {
  const several = [manifest(id('a'), 'amd64', ['c']), manifest(id('b'), 'arm64', [])];
  const attestation: ImageManifestSummary = { ...manifest(id('d'), 'unknown', []), Kind: 'attestation' };
  const images = [
    image(['a:1', 'longer/name:2'], id('a'), [...several, attestation]),
    image([], id('b'), several.slice(1)),
  ];
  assert.equal(
    renderImageTree(images, 60),
    `                                          Info ->  U In Use 

IMAGE            ID             DISK USAGE   CONTENT SIZE   EXTRA
a:1
longer/name:2    aaaaaaaaaaaa        1.5MB            1MB   U
├─ linux/amd64   aaaaaaaaaaaa          2MB          500kB   U
└─ linux/arm64   bbbbbbbbbbbb          2MB          500kB

<untagged>       bbbbbbbbbbbb        1.5MB          500kB
└─ linux/arm64   bbbbbbbbbbbb          2MB          500kB

`,
  );
});

test('a daemon that knows no platforms gives a list', () => {
  assert.equal(
    renderImageTree([image(['a:1'], id('a')), image(['b:1'], id('b'))], 10)
      .split('\n')
      .slice(2)
      .join('\n'),
    `IMAGE   ID             DISK USAGE   CONTENT SIZE   EXTRA
a:1     aaaaaaaaaaaa        1.5MB             0B
b:1     bbbbbbbbbbbb        1.5MB             0B
`,
  );
});
