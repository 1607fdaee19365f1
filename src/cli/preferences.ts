import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** What a user keeps in `config.json` for the commands' sake: default formats, and the keys that leave a terminal. */
export interface Preferences {
  readonly detachKeys?: string;
  readonly psFormat?: string;
  readonly imagesFormat?: string;
  readonly networksFormat?: string;
  readonly volumesFormat?: string;
  readonly statsFormat?: string;
}

/** Nothing when there is no readable `config.json`, as a list must not fail for its looks. */
export async function readPreferences(configDirectory: string): Promise<Preferences> {
  try {
    const config: unknown = JSON.parse(readFileSync(join(configDirectory, 'config.json'), 'utf8'));
    if (typeof config !== 'object' || config === null) return {};
    const texts = Object.entries(config).filter(
      ([name, value]) => (name.endsWith('Format') || name === 'detachKeys') && typeof value === 'string',
    );
    return Object.fromEntries(texts);
  } catch {
    return {};
  }
}
