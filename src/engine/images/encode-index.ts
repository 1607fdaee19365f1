import type { Descriptor } from '#image/manifest.ts';

/** An index of images that were pushed or saved: Docker's kind of list where all manifests are Docker's, else OCI's. */
export function encodeIndex(
  manifests: readonly Descriptor[],
  annotations: Readonly<Record<string, string>>,
): { bytes: Buffer; mediaType: string } {
  const hasAnnotations = Object.keys(annotations).length > 0;
  const isDocker =
    !hasAnnotations && manifests.every(({ mediaType }) => mediaType.startsWith('application/vnd.docker.'));
  const mediaType = isDocker
    ? 'application/vnd.docker.distribution.manifest.list.v2+json'
    : 'application/vnd.oci.image.index.v1+json';
  const index = { schemaVersion: 2, mediaType, manifests, ...(hasAnnotations ? { annotations } : {}) };
  return { bytes: Buffer.from(JSON.stringify(index)), mediaType };
}
