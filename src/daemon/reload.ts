import { readSettings, reloadSettings, resolveConfig, type SettingTexts } from '#daemon/config.ts';
import type { Daemon } from '#daemon/daemon.ts';
import { messageOf } from '#errors/error.ts';
import type { LevelledLog } from '#log/log.ts';

export interface ReloadParts {
  /** Of the command line, which win over the file then as now. */
  flags: readonly string[];
  usualHost: string | undefined;
  /** Those of the start. */
  settings: SettingTexts;
  log: LevelledLog;
}

/** Reads the configuration again and brings into effect what can change. With a mistake in it, all stays as it is. */
export function createReload(parts: ReloadParts): (daemon: Pick<Daemon, 'reload'>) => void {
  const { flags, usualHost, log } = parts;
  let { settings } = parts;
  return (daemon) => {
    try {
      const { texts, changed, waiting } = reloadSettings(settings, readSettings(flags));
      const config = resolveConfig(texts, usualHost);
      daemon.reload(config);
      settings = texts;
      log.setLevel(config.logLevel);
      log.info('configuration reloaded', { changed: changed.join(', ') || 'nothing' });
      if (waiting.length > 0) log.warn('settings need a restart', { keys: waiting.join(', ') });
    } catch (error) {
      log.error('configuration not reloaded', { error: messageOf(error) });
    }
  };
}
