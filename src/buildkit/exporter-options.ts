import type { SolveRequest } from '#buildkit/messages/control.ts';
import type { BuildSettings } from '#engine/builds.ts';
import { DhowError } from '#errors/error.ts';
import { parsePlatform } from '#image/platform.ts';
import { parseReference } from '#image/reference.ts';

/** What the exporters of a request mean for the image that is built. */
type Exported = Pick<BuildSettings, 'tags' | 'annotations'>;

type Exporter = SolveRequest['exporters'][number];
type Annotation = BuildSettings['annotations'][number];

const ofImages = ['name', 'push', 'buildinfo-attrs', 'prefer-image-digest'];
/** Attributes of each exporter that there is. Those of the client's own, such as where it writes to, do not come here. */
const knownAttributes: Readonly<Record<string, readonly string[]>> = {
  moby: ofImages,
  image: ofImages,
  docker: ofImages,
  oci: ofImages,
  tar: [],
  local: [],
};

/** @throws Unsupported for an exporter or an attribute that there is not; InvalidParameter */
export function decodeExporters({ exporters }: SolveRequest): Exported {
  for (const { type } of exporters) {
    if (Object.hasOwn(knownAttributes, type)) continue;
    throw new DhowError('Unsupported', `outputs of type "${type.slice(0, 60)}" are not supported`);
  }
  const names = exporters.flatMap(({ attributes }) => (attributes.get('name') ?? '').split(','));
  return {
    tags: names.filter(Boolean).map((name) => parseReference(name)),
    annotations: exporters.flatMap(decodeAttributes),
  };
}

/** `annotation.NAME`, `annotation-index.NAME`, `annotation-manifest[linux/amd64].NAME` */
function decodeAttributes({ type, attributes }: Exporter): Annotation[] {
  return [...attributes].flatMap(([written, value]) => {
    const [, level = 'manifest', platform, name] =
      /^annotation(?:-([a-z-]+))?(?:\[([^\]]+)\])?\.(.+)$/.exec(written) ?? [];
    if (name === undefined) {
      if (knownAttributes[type]?.includes(written)) return [];
      throw new DhowError(
        'Unsupported',
        `"${written.slice(0, 60)}" of an output of type "${type}" is not supported`,
      );
    }
    if (level !== 'manifest' && level !== 'index') {
      throw new DhowError('Unsupported', `annotations of the level "${level}" are not supported`);
    }
    return [{ level, name, value, ...(platform === undefined ? {} : { platform: parsePlatform(platform) }) }];
  });
}
