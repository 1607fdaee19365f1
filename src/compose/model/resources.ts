import { bool, type Decoded, fields, listOf, mapOf, text } from '#compose/model/decode.ts';

export type NetworkDefinition = Decoded<typeof decodeNetwork>;
export type VolumeDefinition = Decoded<typeof decodeVolume>;
export type FileDefinition = Decoded<typeof decodeConfig>;

export const decodeNetwork = fields({
  name: text,
  attachable: bool,
  driver: text,
  driver_opts: mapOf(text),
  enable_ipv4: bool,
  enable_ipv6: bool,
  external: bool,
  internal: bool,
  ipam: fields({
    driver: text,
    options: mapOf(text),
    config: listOf(fields({ subnet: text, ip_range: text, gateway: text, aux_addresses: mapOf(text) })),
  }),
  labels: mapOf(text),
});

export const decodeVolume = fields({
  name: text,
  driver: text,
  driver_opts: mapOf(text),
  external: bool,
  labels: mapOf(text),
});

const file = {
  name: text,
  file: text,
  environment: text,
  external: bool,
  labels: mapOf(text),
  driver: text,
  driver_opts: mapOf(text),
  template_driver: text,
};

export const decodeConfig = fields({ ...file, content: text });

/** As a config, without inline content. */
export const decodeSecret = fields(file);
