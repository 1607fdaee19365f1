import {
  commonOf,
  type DecodeContext,
  flagsOf,
  listArgument,
  refuse,
} from '#build/dockerfile/decode/context.ts';
import { joinSpacedMarks, parseHeredocMark } from '#build/dockerfile/heredoc.ts';
import type { CopyInstruction, CopySource } from '#build/dockerfile/instructions.ts';
import type { Word } from '#build/dockerfile/source.ts';

const sharedFlags = {
  chown: 'text',
  chmod: 'text',
  link: 'boolean',
  exclude: 'list',
} as const;

const flagsOfInstruction = {
  COPY: { ...sharedFlags, from: 'text', parents: 'boolean' },
  ADD: { ...sharedFlags, checksum: 'text', 'keep-git-dir': 'boolean', unpack: 'boolean' },
} as const;

export function decodeCopy(context: DecodeContext, type: 'COPY' | 'ADD'): CopyInstruction {
  const flags = flagsOf(context, flagsOfInstruction[type]);
  const words = joinMarks(context, listArgument(context));
  const destination = words.pop();
  if (destination === undefined || words.length === 0) {
    throw refuse(context, `${type} needs at least one source and a destination`);
  }
  if (context.node.heredocs.length > 0 && parseHeredocMark(destination.text)) {
    throw refuse(context, `a heredoc cannot be the destination of ${type}`, destination.range);
  }
  const from = flags.word('from');
  if (from?.text === '')
    throw refuse(context, '--from needs the name of a stage, an image or a context', from.range);
  if (from?.text.includes('$')) {
    throw refuse(
      context,
      '--from takes no variables; give the image a stage of its own (FROM … AS name) and name that',
      from.range,
    );
  }
  const chown = flags.word('chown');
  const chmod = flags.word('chmod');
  const checksum = flags.word('checksum');
  const unpack = flags.boolean('unpack');
  return {
    ...commonOf(context),
    type,
    sources: words.map((word) => sourceOf(context, word)),
    destination,
    ...(from ? { from } : {}),
    ...(chown ? { chown } : {}),
    ...(chmod ? { chmod } : {}),
    link: flags.boolean('link') ?? false,
    parents: flags.boolean('parents') ?? false,
    excludes: flags.words('exclude'),
    ...(checksum ? { checksum } : {}),
    keepGitDirectory: flags.boolean('keep-git-dir') ?? false,
    ...(unpack === undefined ? {} : { unpack }),
  };
}

function sourceOf({ node }: DecodeContext, path: Word): CopySource {
  const mark = node.heredocs.length === 0 ? undefined : parseHeredocMark(path.text);
  const heredoc = mark && node.heredocs.find(({ name }) => name === mark.name);
  return heredoc === undefined ? { kind: 'path', path } : { kind: 'content', heredoc };
}

/** `<< EOF` was split at its blank. */
function joinMarks({ node }: DecodeContext, words: Word[]): Word[] {
  if (node.heredocs.length === 0) return words;
  const joined: Word[] = [];
  let at = 0;
  for (const { word, spaced } of joinSpacedMarks(words.map(({ text }) => text))) {
    const first = words[at] as Word;
    const last = words[spaced ? at + 1 : at] as Word;
    joined.push({ text: word, range: { start: first.range.start, end: last.range.end } });
    at += spaced ? 2 : 1;
  }
  return joined;
}
