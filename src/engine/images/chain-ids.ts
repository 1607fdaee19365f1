import { type Digest, digestOf } from '#image/digest.ts';

/**
 * The names by which Docker knows the stack of layers up to each one, base first (OCI image-spec config.md, "Layer
 * ChainID"): it tells them when an image's layers are deleted.
 */
export function chainIds(diffIds: readonly Digest[]): Digest[] {
  const chain: Digest[] = [];
  for (const diffId of diffIds) {
    const below = chain.at(-1);
    chain.push(below === undefined ? diffId : digestOf(`${below} ${diffId}`));
  }
  return chain;
}
