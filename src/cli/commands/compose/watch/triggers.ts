import { existsSync, readFileSync, statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { findService } from '#compose/dependencies.ts';
import type { Hook } from '#compose/plan.ts';
import type { Project } from '#compose/project.ts';
import { createIgnoreRules, parseIgnoreFile } from '#dockerignore/ignore-rules.ts';
import { DhowError } from '#errors/error.ts';

/** One entry of `develop.watch`. */
export interface Trigger {
  readonly service: string;
  readonly action: 'sync' | 'rebuild' | 'restart' | 'sync+restart' | 'sync+exec';
  /** What `sync+exec` runs. */
  readonly exec: Hook | undefined;
  /** A directory of the host. */
  readonly directory: string;
  /** The one file in it that counts; undefined for all. */
  readonly file: string | undefined;
  /** In the container: of the directory, or of the file. */
  readonly target: string | undefined;
  readonly initialSync: boolean;
  /** Whether a path, relative to the directory, counts. */
  includes(path: string): boolean;
}

/** Version control and editors write what is no change of the program. */
const neverWatched = ['.git', '**/.git', '**/*~', '**/.*.sw?', '**/4913'];

/** @throws NotFound for a path that is not there; InvalidParameter for a sync without target */
export function readTriggers(project: Project, service: string): Trigger[] {
  const { develop, build } = findService(project.services, service);
  return (develop?.watch ?? []).map((entry, index): Trigger => {
    const place = `services.${service}.develop.watch[${index}]`;
    const { action, path, target, ignore = [], include = [] } = entry;
    if (action === undefined || path === undefined) {
      throw new DhowError('InvalidParameter', `${place} needs an action and a path`);
    }
    if (action.startsWith('sync') && target === undefined) {
      throw new DhowError('InvalidParameter', `${place}: "${action}" needs a target`);
    }
    if (action === 'sync+exec' && !entry.exec?.command?.length) {
      throw new DhowError('InvalidParameter', `${place}: "sync+exec" needs the command of "exec"`);
    }
    if (action === 'rebuild' && build === undefined) {
      throw new DhowError('InvalidParameter', `${place}: "rebuild" needs a build section`);
    }
    const stats = statSync(path, { throwIfNoEntry: false });
    if (stats === undefined) throw new DhowError('NotFound', `${place}: there is no ${path}`);
    const isDirectory = stats.isDirectory();
    const context = build?.context;
    const ignored = [...neverWatched, ...(context === path ? contextRules(context) : []), ...ignore];
    const rules = createIgnoreRules(ignored, place);
    const wanted = include.length === 0 ? undefined : createIgnoreRules(include, place);
    return {
      service,
      action,
      directory: isDirectory ? path : dirname(path),
      file: isDirectory ? undefined : basename(path),
      target,
      exec: entry.exec,
      initialSync: entry.initial_sync ?? false,
      includes: (name) => !rules.excludes(name) && (wanted === undefined || wanted.excludes(name)),
    };
  });
}

/** What the build leaves out is not watched either. */
function contextRules(context: string): string[] {
  const file = join(context, '.dockerignore');
  return existsSync(file) ? [...parseIgnoreFile(file, readFileSync(file))] : [];
}
