/** A row of `GET /images/search`. */
export interface ImageSearchItem {
  name: string;
  description: string;
  star_count: number;
  is_official: boolean;
  /** Of times when Docker Hub built images; always false. */
  is_automated: boolean;
}

export interface WirePlatform {
  architecture: string;
  os: string;
  variant?: string;
  'os.version'?: string;
  'os.features'?: string[];
}

export interface WireDescriptor {
  mediaType: string;
  digest: string;
  size: number;
}

/** Answer of `GET /distribution/{name}/json`. */
export interface DistributionInspect {
  Descriptor: WireDescriptor;
  Platforms: WirePlatform[];
}

/**
 * Answer of `GET /distribution/{name}/manifest`, which Docker has not: its CLI speaks to registries itself, Dhow's lets the daemon
 * do it.
 */
export interface DistributionManifest {
  Descriptor: WireDescriptor;
  Platforms: WirePlatform[];
  /** The document's bytes in base64: its digest is of these. */
  Raw: string;
}

/** Body of `POST /distribution/{name}/index`, which Docker has not either: an index of images that are in the registry. */
export interface IndexRequest {
  Manifests: { Reference: string; Platform: WirePlatform }[];
}

export interface IndexResponse {
  Digest: string;
}
