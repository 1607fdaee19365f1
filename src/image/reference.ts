import type { Digest } from '#image/digest.ts';

/**
 * A name as typed by a user, made canonical: `busybox` is `docker.io/library/busybox`. This is the one place that knows
 * Docker's default registry and `library/`.
 */
export interface Reference {
  /** Host with optional port: `docker.io`, `localhost:5000`. */
  registry: string;
  /** Path in the registry: `library/busybox`. */
  repository: string;
  tag?: string;
  digest?: Digest;
}
