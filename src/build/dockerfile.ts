import { decodeInstruction } from '#build/dockerfile/decode/instruction.ts';
import type { Directives } from '#build/dockerfile/directives.ts';
import type { ArgInstruction, FromInstruction, Instruction } from '#build/dockerfile/instructions.ts';
import { parseSingle, parseTree } from '#build/dockerfile/parse-tree.ts';
import { dockerfileError, type SourceText } from '#build/dockerfile/source.ts';
import { DhowError } from '#errors/error.ts';

/**
 * A Dockerfile, read: bytes → syntax tree → typed instructions, by stage. Nothing is expanded or looked up yet. The
 * language is that of the Dockerfile reference with the extensions of `docker/dockerfile:1`.
 */
export interface Dockerfile {
  source: SourceText;
  directives: Directives;
  /** ARG instructions before the first FROM. */
  globalArgs: ArgInstruction[];
  stages: StageSource[];
  /** Lines that are blank although the line before goes on. */
  emptyContinuations: { line: number; instruction: Instruction }[];
}

export interface StageSource {
  /** Position in the file, from 0. */
  index: number;
  /** In lower case; undefined without AS. */
  name?: string;
  from: FromInstruction;
  instructions: StageInstruction[];
}

/** Nobody writes that many; each costs the planning of one. */
const maxStages = 1000;

/** What may stand in a stage. */
export type StageInstruction = Exclude<Instruction, FromInstruction>;

/** @throws InvalidParameter that names file and line, shows the lines around, and suggests the near miss; Unsupported */
export function parseDockerfile(name: string, bytes: Uint8Array): Dockerfile {
  const { source, directives, nodes } = parseTree(name, bytes);
  if (nodes.length === 0) {
    throw new DhowError('InvalidParameter', `${name} has no instructions: it needs at least a FROM`);
  }
  const escapeMark = directives.escape;
  const dockerfile: Dockerfile = { source, directives, globalArgs: [], stages: [], emptyContinuations: [] };
  for (const node of nodes) {
    const instruction = decodeInstruction({ source, escapeMark, node });
    for (const line of node.emptyContinuations) dockerfile.emptyContinuations.push({ line, instruction });
    if (instruction.type === 'ONBUILD') parseTrigger(dockerfile, source.name, instruction.trigger);
    if (instruction.type === 'FROM') {
      if (dockerfile.stages.length === maxStages) {
        throw dockerfileError(source, instruction.range, `more than ${maxStages} stages`);
      }
      const stageName = instruction.stage?.name.text.toLowerCase();
      dockerfile.stages.push({
        index: dockerfile.stages.length,
        ...(stageName === undefined ? {} : { name: stageName }),
        from: instruction,
        instructions: [],
      });
      continue;
    }
    const stage = dockerfile.stages.at(-1);
    if (stage !== undefined) stage.instructions.push(instruction);
    else if (instruction.type === 'ARG') dockerfile.globalArgs.push(instruction);
    else {
      throw dockerfileError(
        source,
        instruction.range,
        `${instruction.type} cannot stand before the first FROM; only ARG and comments can`,
      );
    }
  }
  const last = nodes.at(-1);
  if (dockerfile.stages.length === 0 && last !== undefined) {
    throw dockerfileError(source, last.range, 'there is no FROM: the Dockerfile builds nothing');
  }
  return dockerfile;
}

/**
 * Reads a trigger of ONBUILD, from this file or from a base image.
 * @param origin what messages call the place, such as the name of the base image
 */
export function parseTrigger(
  { directives }: Pick<Dockerfile, 'directives'>,
  origin: string,
  trigger: string,
): { source: SourceText; instruction: StageInstruction } {
  const escapeMark = directives.escape;
  const { source, nodes } = parseSingle(`ONBUILD of ${origin}`, trigger, escapeMark);
  const [node] = nodes;
  const instruction = node && decodeInstruction({ source, escapeMark, node });
  if (instruction === undefined || instruction.type === 'FROM' || instruction.type === 'ONBUILD') {
    throw dockerfileError(
      source,
      node?.range ?? atStart,
      `"${trigger.slice(0, 64)}" cannot be a trigger of ONBUILD`,
    );
  }
  return { source, instruction };
}

const atStart = { start: { line: 1, column: 0 }, end: { line: 1, column: 1 } };
