import fs from 'node:fs';
import path from 'node:path';
import { outputOf } from '../../test/support/command.ts';
import { pushImage } from '../../test/support/push-image.ts';
import type { Registry } from '../../test/support/registry.ts';

/** Trees of the machine's own Debian, one a layer: together some hundred megabytes in tens of thousands of files. */
const trees = [
  '/usr/share/doc',
  '/usr/share/man',
  '/usr/include',
  '/usr/lib/python3',
  '/usr/share/perl',
  '/var/lib/dpkg',
  '/usr/share/zoneinfo',
  '/usr/lib/git-core',
  '/usr/share/vim',
  '/usr/share/locale',
];

export interface RealImage {
  /** As the registry has it. */
  readonly name: string;
  /** Files for comparing with plain tar: the largest layer, compressed. */
  readonly largestLayer: string;
  readonly description: string;
}

/** Makes the image and puts it into the registry. */
export async function pushRealImage(registry: Registry, directory: string): Promise<RealImage> {
  const layers: Buffer[] = [];
  let files = 0;
  for (const tree of trees.filter((candidate) => fs.existsSync(candidate))) {
    const archive = path.join(directory, 'layer.tar');
    await outputOf('tar', ['-C', '/', '-cf', archive, tree.slice(1)], { timeoutMs: 120_000 });
    files += (await outputOf('tar', ['-tf', archive], { timeoutMs: 120_000 })).split('\n').length;
    layers.push(fs.readFileSync(archive));
    fs.rmSync(archive);
  }
  const pushed = await pushImage(
    registry,
    'bench/real',
    { format: 'docker', compression: 'gzip', layers },
    'v1',
  );
  const bytes = layers.reduce((sum, layer) => sum + layer.length, 0);
  const sizes = pushed.layerDigests.map((digest) => fs.statSync(registry.blobFile(digest)).size);
  const largest = sizes.indexOf(Math.max(...sizes));
  return {
    name: `${registry.address}/bench/real:v1`,
    largestLayer: registry.blobFile(pushed.layerDigests[largest] ?? ''),
    description: `${pushed.layerDigests.length} layers, ${Math.round(bytes / 1e6)} MB in ${files} entries, ${Math.round(sizes.reduce((a, b) => a + b, 0) / 1e6)} MB as gzip`,
  };
}
