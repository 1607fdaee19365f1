import { DhowError } from '#errors/error.ts';
import type { ImageRunConfig } from '#image/config.ts';

/**
 * The Dockerfile instructions that `--change` of `import` and `commit` takes, applied to a configuration.
 * @throws InvalidParameter naming the instruction and what is wrong with it
 */
export function applyChanges(changes: readonly string[], base: ImageRunConfig = {}): ImageRunConfig {
  const config: ImageRunConfig = structuredClone(base);
  for (const change of changes) {
    const match = /^\s*([A-Za-z]+)\s+([\s\S]*\S)\s*$/.exec(change);
    if (!match) throw refused(change, 'expected an instruction and its arguments');
    const apply = instructions[(match[1] as string).toUpperCase()];
    if (!apply) throw refused(change, `expected one of ${Object.keys(instructions).join(', ')}`);
    apply(config, match[2] as string, change);
  }
  return config;
}

type Instruction = (config: ImageRunConfig, rest: string, change: string) => void;

const instructions: Record<string, Instruction> = {
  CMD: (config, rest, change) => {
    config.Cmd = parseCommand(rest, change);
  },
  ENTRYPOINT: (config, rest, change) => {
    config.Entrypoint = parseCommand(rest, change);
  },
  ENV: (config, rest, change) => {
    const added = parsePairs(rest, change);
    const kept = (config.Env ?? []).filter((entry) => !added.some(([key]) => entry.startsWith(`${key}=`)));
    config.Env = [...kept, ...added.map(([key, value]) => `${key}=${value}`)];
  },
  EXPOSE: (config, rest, change) => {
    for (const word of rest.split(/\s+/)) {
      if (!/^\d{1,5}(-\d{1,5})?(\/(tcp|udp|sctp))?$/.test(word))
        throw refused(change, `invalid port "${word}"`);
      config.ExposedPorts = { ...config.ExposedPorts, [word.includes('/') ? word : `${word}/tcp`]: {} };
    }
  },
  LABEL: (config, rest, change) => {
    config.Labels = { ...config.Labels, ...Object.fromEntries(parsePairs(rest, change)) };
  },
  ONBUILD: (config, rest) => {
    config.OnBuild = [...(config.OnBuild ?? []), rest];
  },
  STOPSIGNAL: (config, rest) => {
    config.StopSignal = rest;
  },
  USER: (config, rest) => {
    config.User = rest;
  },
  VOLUME: (config, rest, change) => {
    const paths = rest.startsWith('[') ? parseCommand(rest, change) : rest.split(/\s+/);
    for (const path of paths) config.Volumes = { ...config.Volumes, [path]: {} };
  },
  WORKDIR: (config, rest) => {
    config.WorkingDir = rest.startsWith('/') ? rest : `${config.WorkingDir ?? ''}/${rest}`;
  },
};

/** Exec form as JSON; anything else is shell form. */
function parseCommand(rest: string, change: string): string[] {
  if (!rest.startsWith('[')) return ['/bin/sh', '-c', rest];
  let parsed: unknown;
  try {
    parsed = JSON.parse(rest);
  } catch (cause) {
    throw refused(change, 'the exec form must be a JSON array of strings', cause);
  }
  if (!Array.isArray(parsed) || !parsed.every((word) => typeof word === 'string')) {
    throw refused(change, 'the exec form must be a JSON array of strings');
  }
  return parsed;
}

/** `a=b c="d e"`, or the old `key rest of line`. */
function parsePairs(rest: string, change: string): [string, string][] {
  if (!/^[^\s=]+=/.test(rest)) {
    const match = /^(\S+)\s+([\s\S]+)$/.exec(rest);
    if (!match) throw refused(change, 'expected key=value');
    return [[match[1] as string, match[2] as string]];
  }
  const pairs: [string, string][] = [];
  const pattern = /([^\s=]+)=((?:"(?:[^"\\]|\\[\s\S])*"|'[^']*'|\\[\s\S]|[^\s"'\\])*)(?:\s+|$)/y;
  while (pattern.lastIndex < rest.length) {
    const match = pattern.exec(rest);
    if (!match) throw refused(change, 'expected key=value pairs');
    pairs.push([match[1] as string, unquote(match[2] as string)]);
  }
  return pairs;
}

function unquote(text: string): string {
  return text.replace(/"((?:[^"\\]|\\[\s\S])*)"|'([^']*)'|\\([\s\S])/g, (_all, double, single, escaped) =>
    double !== undefined ? double.replace(/\\([\s\S])/g, '$1') : (single ?? escaped),
  );
}

function refused(change: string, why: string, cause?: unknown): DhowError {
  return new DhowError('InvalidParameter', `invalid change "${change.slice(0, 200)}": ${why}`, { cause });
}
