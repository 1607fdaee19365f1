import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** Default formats that a user keeps in `config.json`. */
export interface Preferences {
  readonly psFormat?: string;
  readonly imagesFormat?: string;
  readonly networksFormat?: string;
  readonly volumesFormat?: string;
  readonly statsFormat?: string;
}

/** What the user prefers; nothing when there is no readable `config.json`, as a list must not fail for its looks. */
export async function readPreferences(configDirectory: string): Promise<Preferences> {
  try {
    const config: unknown = JSON.parse(readFileSync(join(configDirectory, 'config.json'), 'utf8'));
    if (typeof config !== 'object' || config === null) return {};
    const texts = Object.entries(config).filter(
      ([name, value]) => name.endsWith('Format') && typeof value === 'string',
    );
    return Object.fromEntries(texts);
  } catch {
    return {};
  }
}
