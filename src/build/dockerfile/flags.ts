import { dockerfileError, type SourceText, type Word } from '#build/dockerfile/source.ts';
import { didYouMean } from '#build/dockerfile/suggest.ts';
import type { FlagNode, InstructionNode } from '#build/dockerfile/tree.ts';

/** How often a flag may stand, and what it takes. */
export type FlagKind = 'text' | 'boolean' | 'list';

/** The flags of one instruction, each known, with the right kind of value, and no more often than it may be. */
export class Flags {
  readonly #source: SourceText;
  readonly #nodes: readonly FlagNode[];

  /** @throws InvalidParameter */
  constructor(source: SourceText, node: InstructionNode, kinds: Readonly<Record<string, FlagKind>>) {
    this.#source = source;
    this.#nodes = node.flags;
    const seen = new Set<string>();
    for (const flag of node.flags) {
      const kind = kinds[flag.name];
      const shown = `--${flag.name.slice(0, 64)}`;
      if (kind === undefined) {
        const names = Object.keys(kinds).map((name) => `--${name}`);
        const known = names.length === 0 ? `; ${node.name} has no flags` : didYouMean(shown, names);
        throw this.refuse(flag, `unknown flag ${shown} of ${node.name}${known}`);
      }
      if (kind !== 'list' && seen.has(flag.name))
        throw this.refuse(flag, `the flag ${shown} stands here twice`);
      seen.add(flag.name);
      if (kind === 'boolean') {
        const value = flag.value?.toLowerCase();
        if (value !== undefined && value !== 'true' && value !== 'false') {
          throw this.refuse(flag, `${shown} takes true or false, not "${flag.value?.slice(0, 64)}"`);
        }
      } else if (flag.value === undefined) throw this.refuse(flag, `${shown} needs a value: ${shown}=…`);
    }
  }

  word(name: string): Word | undefined {
    const flag = this.#nodes.find((node) => node.name === name);
    return flag === undefined ? undefined : { text: flag.value ?? '', range: flag.range };
  }

  words(name: string): Word[] {
    return this.#nodes
      .filter((node) => node.name === name)
      .map((node) => ({ text: node.value ?? '', range: node.range }));
  }

  boolean(name: string): boolean | undefined {
    const flag = this.#nodes.find((node) => node.name === name);
    return flag === undefined ? undefined : flag.value?.toLowerCase() !== 'false';
  }

  refuse(at: { range: Word['range'] }, message: string): Error {
    return dockerfileError(this.#source, at.range, message);
  }
}
