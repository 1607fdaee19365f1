import type { FileDefinition, NetworkDefinition, VolumeDefinition } from '#compose/model/resources.ts';
import type { Service } from '#compose/model/service.ts';

/**
 * A Compose project as all its files together describe it: merged, interpolated, in long form. The keys inside are those of the
 * specification, so that `config` prints what the other commands work with.
 */
export interface Project {
  readonly name: string;
  /** Absolute. */
  readonly directory: string;
  /** Absolute, in the order of merging. */
  readonly files: readonly string[];
  /** Those that the files may use; the content of configs and secrets may be one of them. */
  readonly variables: ReadonlyMap<string, string>;
  /** Between the parts of the names of containers and images. */
  readonly separator: '-' | '_';
  /** Services that the chosen profiles enable. */
  readonly services: Readonly<Record<string, Service>>;
  /** Names of the others. */
  readonly disabled: readonly string[];
  readonly networks: Readonly<Record<string, NetworkDefinition>>;
  readonly volumes: Readonly<Record<string, VolumeDefinition>>;
  readonly configs: Readonly<Record<string, FileDefinition>>;
  readonly secrets: Readonly<Record<string, FileDefinition>>;
}
