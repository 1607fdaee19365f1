import type { Command } from '#cli/command.ts';

/** A command's names (the full one first) and the way to its code, which is loaded only when it is the one to run. */
export interface CommandEntry {
  readonly names: readonly string[];
  readonly summary: string;
  load(): Promise<{ readonly command: Command }>;
}

/** Groups for the overview that `dhow --help` prints and for `dhow <group>`. */
export const groups: Readonly<Record<string, string>> = {
  container: 'Manage containers',
  image: 'Manage images',
  network: 'Manage networks',
  system: 'Manage Dhow',
  volume: 'Manage volumes',
};

export const registry: readonly CommandEntry[] = [];
