import type { Directives } from '#build/dockerfile/directives.ts';
import type { Heredoc } from '#build/dockerfile/heredoc.ts';
import type { InstructionName } from '#build/dockerfile/instruction-names.ts';
import type { SourceRange, SourceText, Word } from '#build/dockerfile/source.ts';

/** What the text of a Dockerfile is made of, before it is known what its arguments mean. */
export interface SyntaxTree {
  source: SourceText;
  directives: Directives;
  nodes: InstructionNode[];
}

export interface InstructionNode {
  name: InstructionName;
  /** As it is written. */
  keyword: Word;
  flags: FlagNode[];
  /** All that follows the flags, trimmed. */
  argument: Argument;
  heredocs: Heredoc[];
  /** The whole instruction, without its heredocs. */
  range: SourceRange;
  /** The instruction's text with its lines joined, without heredocs. */
  text: string;
  /** The comment block directly above. */
  comments: string[];
  /** Lines inside that are blank although the line before goes on. */
  emptyContinuations: number[];
}

export interface FlagNode {
  name: string;
  /** undefined: written without `=`. */
  value: string | undefined;
  range: SourceRange;
}

/** A text that knows where its parts stand in the file. */
export interface Argument {
  text: string;
  /** Positions count from the beginning of `text`. */
  rangeOf(start: number, end: number): SourceRange;
}
