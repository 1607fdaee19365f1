import type { DaemonConfig } from '#daemon/config.ts';

/** One setting: its flag (without dashes), its key in the configuration file, and how its text becomes a value. */
export interface Setting {
  flag: string;
  short?: string;
  key: string;
  help: string;
  /** Flags of switches take no value. */
  kind: 'text' | 'list' | 'switch' | 'number';
  /** SIGHUP brings a change into effect; the others wait for the next start. */
  reloadable?: true;
  apply(config: DaemonConfig, value: string): void;
}
