import { dockerfileError } from '#build/dockerfile/source.ts';
import type { Dockerfile, StageSource } from '#build/dockerfile.ts';
import type { GlobalScope } from '#build/plan/global-scope.ts';
import { createExpander } from '#build/plan/scope.ts';
import type { NamedContexts } from '#build/request.ts';
import { messageOf } from '#errors/error.ts';
import { type Platform, parsePlatform } from '#image/platform.ts';
import { formatReference, parseReference, withDefaultTag } from '#image/reference.ts';

/** What a FROM stands on, by name. */
export interface StageBase {
  origin: Origin;
  /** undefined: the target platform. */
  platform?: Platform;
}

export type Origin =
  | { kind: 'scratch' }
  | { kind: 'stage'; index: number }
  | { kind: 'image'; reference: string }
  | { kind: 'context'; name: string };

/** A context that is called like an image stands for it however it is written: `alpine` is `docker.io/library/alpine:latest`. */
function findContext(contexts: NamedContexts, name: string): Origin | undefined {
  const wanted = comparable(name);
  for (const [given, context] of contexts) {
    if (comparable(given) !== wanted) continue;
    return context.kind === 'image' ? context : { kind: 'context', name: given };
  }
  return undefined;
}

function comparable(name: string): string {
  const lower = name.toLowerCase();
  try {
    return formatReference(withDefaultTag(parseReference(lower)));
  } catch {
    return lower;
  }
}

/** @throws InvalidParameter for an empty name or a malformed platform */
export function resolveBase(
  { source, directives, stages }: Pick<Dockerfile, 'source' | 'directives' | 'stages'>,
  { from, index }: StageSource,
  globals: GlobalScope,
  contexts: NamedContexts,
): StageBase {
  const expander = createExpander({ source, escapeMark: directives.escape, ...globals });
  const name = expander.word(from.image);
  if (name === '') {
    throw dockerfileError(
      source,
      from.image.range,
      `"${from.image.text.slice(0, 100)}" gives no name of an image: give its ARG a value, by default or with --build-arg`,
    );
  }
  const platform = from.platform === undefined ? undefined : platformOf();
  return { origin: findContext(contexts, name) ?? originOf(name), ...(platform ? { platform } : {}) };

  function platformOf(): Platform | undefined {
    const word = from.platform;
    const text = word === undefined ? '' : expander.word(word);
    if (word === undefined || text === '') return undefined;
    try {
      return parsePlatform(text);
    } catch (error) {
      throw dockerfileError(source, word.range, messageOf(error));
    }
  }

  /** A stage must stand before; a name that only a later stage has is an image's. */
  function originOf(text: string): Origin {
    if (text === 'scratch') return { kind: 'scratch' };
    const wanted = text.toLowerCase();
    const stage = stages.findLast((candidate) => candidate.index < index && candidate.name === wanted);
    return stage === undefined ? { kind: 'image', reference: text } : { kind: 'stage', index: stage.index };
  }
}

/**
 * What `COPY --from` or `RUN --mount=from=` names: a named context, a stage by name or number, else an image. Unlike FROM they may name a
 * stage that comes later.
 */
export function resolveFrom(
  stages: readonly StageSource[],
  name: string,
  contexts: NamedContexts,
): Origin | undefined {
  const context = findContext(contexts, name);
  if (context !== undefined) return context;
  if (/^\d+$/.test(name)) {
    const index = Number(name);
    return index < stages.length ? { kind: 'stage', index } : undefined;
  }
  const wanted = name.toLowerCase();
  if (wanted === 'scratch') return { kind: 'scratch' };
  const stage = stages.findLast((candidate) => candidate.name === wanted);
  return stage === undefined ? { kind: 'image', reference: name } : { kind: 'stage', index: stage.index };
}
