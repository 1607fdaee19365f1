import { heredocText } from '#build/dockerfile/heredoc.ts';
import type { CopyInstruction, CopySource } from '#build/dockerfile/instructions.ts';
import { dockerfileError } from '#build/dockerfile/source.ts';
import { resolveInImage } from '#build/evaluate/paths.ts';
import type { EvaluateContext } from '#build/evaluate/stage-state.ts';
import { expandHeredoc } from '#build/expand/expand.ts';
import { lookupIn } from '#build/plan/scope.ts';
import type { CopyStep, StepSource } from '#build/steps.ts';
import { messageOf } from '#errors/error.ts';

export function evaluateCopy(context: EvaluateContext, copy: CopyInstruction): CopyStep {
  const { expander, source, placed, state } = context;
  const sources = copy.sources.map((one) => evaluateSource(context, copy, one));
  const written = expander.word(copy.destination);
  if (written === '') throw dockerfileError(source, copy.destination.range, 'the destination is empty');
  const chown = copy.chown && expander.word(copy.chown);
  const chmod = copy.chmod && expander.word(copy.chmod);
  const checksum = copy.checksum && expander.word(copy.checksum);
  const excludes = copy.excludes.map((word) => expander.word(word));
  if (checksum !== undefined && !(sources.length === 1 && sources[0]?.kind === 'remote')) {
    throw dockerfileError(source, copy.checksum?.range ?? copy.range, '--checksum needs one remote source');
  }
  const shown = [
    ...sources.map((one) =>
      one.kind === 'path' ? one.path : one.kind === 'remote' ? one.url : `<<${one.name}`,
    ),
    written,
  ].join(' ');
  const flags = [
    ...(copy.from ? [`--from=${copy.from.text}`] : []),
    ...(chown ? [`--chown=${chown}`] : []),
    ...(chmod ? [`--chmod=${chmod}`] : []),
    ...(copy.link ? ['--link'] : []),
    ...(copy.parents ? ['--parents'] : []),
    ...excludes.map((pattern) => `--exclude=${pattern}`),
    ...(checksum ? [`--checksum=${checksum}`] : []),
    ...(copy.keepGitDirectory ? ['--keep-git-dir'] : []),
    ...(copy.unpack === undefined ? [] : [`--unpack=${copy.unpack}`]),
  ];
  const title = [copy.type, ...flags, shown].join(' ');
  return {
    kind: 'copy',
    verb: copy.type,
    source,
    range: copy.range,
    title,
    createdBy: title,
    ...(placed.from ? { from: placed.from } : {}),
    sources,
    destination: resolveInImage(state.config, written),
    destinationIsDirectory: sources.length > 1 || /(?:^|\/)\.?\.?$/.test(written),
    ...(chown ? { chown } : {}),
    ...(chmod ? { chmod } : {}),
    link: copy.link,
    parents: copy.parents,
    excludes,
    ...(copy.unpack === undefined ? {} : { unpack: copy.unpack }),
    ...(checksum ? { checksum } : {}),
    keepGitDirectory: copy.keepGitDirectory,
  };
}

function evaluateSource(context: EvaluateContext, copy: CopyInstruction, source: CopySource): StepSource {
  if (source.kind === 'content') {
    const { heredoc } = source;
    const text = heredocText(heredoc);
    return {
      kind: 'content',
      name: heredoc.name,
      content: heredoc.expand ? expandContent(context, text) : text,
    };
  }
  const { range } = source.path;
  const path = context.expander.word(source.path);
  if (path === '') throw dockerfileError(context.source, range, `a source of ${copy.type} is empty`);
  if (copy.type === 'ADD' && isRemote(path)) return { kind: 'remote', url: path, range };
  return { kind: 'path', path, range };
}

function expandContent({ source, placed, state, globals }: EvaluateContext, content: string): string {
  try {
    return expandHeredoc(content, {
      budget: globals.budget,
      lookup: (name) => lookupIn(state.scope, name),
    });
  } catch (error) {
    throw dockerfileError(source, placed.instruction.range, messageOf(error));
  }
}

/** HTTP, and git in its usual spellings. */
function isRemote(path: string): boolean {
  return /^(?:https?|git|ssh):\/\//.test(path) || /^[\w.-]+@[\w.-]+:/.test(path);
}
