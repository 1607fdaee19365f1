import type { DhowEngine } from './contestants/dhow.ts';
import type { BenchEngine } from './contestants.ts';
import type { BenchOptions } from './options.ts';
import type { Table } from './table.ts';

export interface Engines {
  readonly dhow: DhowEngine;
  readonly dockerd: BenchEngine;
  readonly podman: BenchEngine;
}

/** Leaves the engines without containers, as it found them. */
export interface Scenario {
  readonly name: string;
  measure(engines: Engines, options: BenchOptions): Promise<Table[]>;
}
