import type { Heredoc } from '#build/dockerfile/heredoc.ts';
import type { SourceRange, Word } from '#build/dockerfile/source.ts';

/**
 * Typed instructions. Words are as written: variables are not expanded and quotes not taken off, because their values are
 * known only when the stage is evaluated.
 */
export type Instruction =
  | FromInstruction
  | ArgInstruction
  | PairsInstruction
  | RunInstruction
  | CommandInstruction
  | CopyInstruction
  | HealthcheckInstruction
  | WordsInstruction
  | TextInstruction
  | ShellInstruction
  | OnbuildInstruction;

interface Common {
  range: SourceRange;
  keyword: Word;
  /** The instruction with its lines joined, without heredocs: what history and progress show. */
  text: string;
  comments: string[];
}

export interface FromInstruction extends Common {
  type: 'FROM';
  image: Word;
  platform?: Word;
  stage?: { name: Word; as: Word };
}

export interface ArgInstruction extends Common {
  type: 'ARG';
  args: { name: Word; value?: Word }[];
}

export interface PairsInstruction extends Common {
  type: 'ENV' | 'LABEL';
  pairs: { key: Word; value: Word }[];
  /** `ENV key value`, without `=`. */
  legacy: boolean;
}

/** Exec form, or text for a shell. */
export type Command = { form: 'exec'; args: string[] } | { form: 'shell'; text: string };

export interface RunInstruction extends Common {
  type: 'RUN';
  command: Command;
  heredocs: Heredoc[];
  mounts: MountOptions[];
  network: 'default' | 'none' | 'host';
  security: 'sandbox' | 'insecure';
}

/** `--mount=type=cache,target=/x` by option; values still have their variables. An option without `=` has the value ''. */
export interface MountOptions {
  range: SourceRange;
  type: MountType;
  options: ReadonlyMap<string, string>;
}

export type MountType = 'bind' | 'cache' | 'tmpfs' | 'secret' | 'ssh';

export interface CommandInstruction extends Common {
  type: 'CMD' | 'ENTRYPOINT';
  command: Command;
}

export type CopySource =
  | { kind: 'path'; path: Word }
  /** Content that stands in the Dockerfile; the name is the file's. */
  | { kind: 'content'; heredoc: Heredoc };

export interface CopyInstruction extends Common {
  type: 'COPY' | 'ADD';
  sources: CopySource[];
  destination: Word;
  /** Stage, image or named context; COPY only. */
  from?: Word;
  chown?: Word;
  chmod?: Word;
  link: boolean;
  parents: boolean;
  excludes: Word[];
  /** ADD only. */
  checksum?: Word;
  keepGitDirectory: boolean;
  /** ADD only; undefined: local archives are unpacked, remote ones are not. */
  unpack?: boolean;
}

export interface HealthcheckInstruction extends Common {
  type: 'HEALTHCHECK';
  /** undefined: NONE. */
  check?: {
    command: Command;
    intervalNs?: number;
    timeoutNs?: number;
    startPeriodNs?: number;
    startIntervalNs?: number;
    retries?: number;
  };
}

export interface WordsInstruction extends Common {
  type: 'EXPOSE' | 'VOLUME';
  words: Word[];
}

export interface TextInstruction extends Common {
  type: 'USER' | 'WORKDIR' | 'STOPSIGNAL' | 'MAINTAINER';
  value: Word;
}

export interface ShellInstruction extends Common {
  type: 'SHELL';
  args: string[];
}

export interface OnbuildInstruction extends Common {
  type: 'ONBUILD';
  /** As it is kept in the image: the instruction with its heredocs. */
  trigger: string;
}
