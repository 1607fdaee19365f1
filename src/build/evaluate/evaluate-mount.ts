import path from 'node:path/posix';
import type { MountOptions } from '#build/dockerfile/instructions.ts';
import { dockerfileError } from '#build/dockerfile/source.ts';
import { didYouMean } from '#build/dockerfile/suggest.ts';
import { resolveInImage } from '#build/evaluate/paths.ts';
import type { EvaluateContext } from '#build/evaluate/stage-state.ts';
import type { PlannedOrigin } from '#build/plan/plan.ts';
import type { RunMount } from '#build/steps.ts';

const sharings = ['shared', 'private', 'locked'] as const;

/** Reads the options of one `RUN --mount` with their variables expanded. @throws InvalidParameter */
export function evaluateMount(
  context: EvaluateContext,
  mount: MountOptions,
  from: PlannedOrigin | undefined,
): RunMount {
  const refuse = (message: string): Error => dockerfileError(context.source, mount.range, message);
  const option = (name: string): string | undefined => {
    const text = mount.options.get(name);
    return text === undefined ? undefined : context.expander.word({ text, range: mount.range });
  };
  const flag = (name: string): boolean => {
    const text = option(name)?.toLowerCase();
    if (text === undefined) return false;
    if (text === '' || text === 'true' || text === '1') return true;
    if (text === 'false' || text === '0') return false;
    throw refuse(`the mount option ${name} takes true or false, not "${text.slice(0, 64)}"`);
  };
  const number = (name: string, otherwise: number, pattern = /^\d{1,10}$/, base = 10): number => {
    const text = option(name);
    if (text === undefined) return otherwise;
    if (!pattern.test(text))
      throw refuse(`the mount option ${name} takes a number, not "${text.slice(0, 64)}"`);
    return Number.parseInt(text, base);
  };
  const owned = (mode: number) => ({
    mode: number('mode', mode, /^0?[0-7]{1,4}$/, 8),
    uid: number('uid', 0),
    gid: number('gid', 0),
  });
  const target = (): string => {
    const text = option('target');
    if (!text) throw refuse('the target of the mount is empty');
    const resolved = resolveInImage(context.state.config, text);
    if (resolved === '/') throw refuse('a mount cannot be on / of the build container');
    return resolved;
  };
  const source = (): string => path.resolve('/', option('source') ?? '');
  const withFrom = from === undefined ? {} : { from };

  switch (mount.type) {
    case 'bind':
      return { type: 'bind', ...withFrom, source: source(), target: target(), writable: flag('readwrite') };
    case 'cache': {
      const at = target();
      const sharing = option('sharing') ?? 'shared';
      const known = sharings.find((candidate) => candidate === sharing);
      if (known === undefined) {
        throw refuse(
          `sharing takes ${sharings.join(', ')}, not "${sharing.slice(0, 64)}"${didYouMean(sharing, sharings)}`,
        );
      }
      return {
        type: 'cache',
        id: option('id') || at,
        target: at,
        readonly: flag('readonly'),
        sharing: known,
        ...withFrom,
        source: source(),
        ...owned(0o755),
      };
    }
    case 'tmpfs': {
      const size = option('size');
      const sizeBytes = size === undefined ? undefined : parseSize(size);
      if (size !== undefined && sizeBytes === undefined) {
        throw refuse(`size takes a number of bytes such as 64m, not "${size.slice(0, 64)}"`);
      }
      return { type: 'tmpfs', target: target(), ...(sizeBytes === undefined ? {} : { sizeBytes }) };
    }
    case 'secret': {
      const at = option('target');
      const env = option('env');
      const id = option('id') || (at ? path.basename(at) : env);
      if (!id) throw refuse('a secret mount needs an id: --mount=type=secret,id=name');
      const file = at ? resolveInImage(context.state.config, at) : env ? undefined : `/run/secrets/${id}`;
      return {
        type: 'secret',
        id,
        ...(file === undefined ? {} : { target: file }),
        ...(env ? { env } : {}),
        required: flag('required'),
        ...owned(0o400),
      };
    }
    case 'ssh': {
      const at = option('target');
      return {
        type: 'ssh',
        id: option('id') || 'default',
        ...(at ? { target: resolveInImage(context.state.config, at) } : {}),
        required: flag('required'),
        ...owned(0o600),
      };
    }
  }
}

function parseSize(text: string): number | undefined {
  const match = /^(\d{1,15})([kmgt]?)b?$/i.exec(text);
  if (match === null) return undefined;
  const power = ['', 'k', 'm', 'g', 't'].indexOf((match[2] ?? '').toLowerCase());
  return Number(match[1]) * 1024 ** power;
}
