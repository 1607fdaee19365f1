import { bool, bytes, type Decoded, fields, listOf, mapOf, text, textOrNull } from '#compose/model/decode.ts';
import { fileReference, ulimits } from '#compose/model/shared.ts';

/** The `build` section of a service in its long form. */
export type BuildDefinition = Decoded<typeof decodeBuild>;

const texts = listOf(text);

export const decodeBuild = fields({
  additional_contexts: mapOf(text),
  args: mapOf(textOrNull),
  cache_from: texts,
  cache_to: texts,
  context: text,
  dockerfile: text,
  dockerfile_inline: text,
  entitlements: texts,
  extra_hosts: texts,
  isolation: text,
  labels: mapOf(text),
  network: text,
  no_cache: bool,
  platforms: texts,
  privileged: bool,
  provenance: text,
  pull: bool,
  sbom: text,
  secrets: listOf(fileReference),
  shm_size: bytes,
  ssh: mapOf(textOrNull),
  tags: texts,
  target: text,
  ulimits,
});
