import type { Report } from '#build/checks/finding.ts';
import type { SourceText } from '#build/dockerfile/source.ts';
import type { Dockerfile, StageSource } from '#build/dockerfile.ts';

const reservedNames = new Set(['context', 'scratch']);
const onceInstructions = new Set(['CMD', 'ENTRYPOINT', 'HEALTHCHECK']);

const secretName = /(?:^|_)(?:apikey|auth|credentials?|key|password|pword|passwd|pass|secret|token)(?:_|$)/i;
const publicName = /(?:^|_)public(?:_|$)/i;

export function checkStages(
  { source, globalArgs, stages, emptyContinuations }: Dockerfile,
  report: Report,
): void {
  for (const { line, instruction } of emptyContinuations) {
    report({
      rule: 'NoEmptyContinuation',
      message: `a blank line inside of ${instruction.type}`,
      source,
      range: { start: { line, column: 0 }, end: { line, column: 1 } },
    });
  }
  for (const { args } of globalArgs)
    checkSecrets(
      source,
      'ARG',
      args.map(({ name }) => name),
      report,
    );
  const names = new Set<string>();
  for (const stage of stages) {
    const word = stage.from.stage?.name;
    if (stage.name !== undefined && word !== undefined) {
      const complain = (rule: 'DuplicateStageName' | 'ReservedStageName', message: string): void =>
        report({ rule, message, source, range: word.range });
      if (names.has(stage.name)) complain('DuplicateStageName', `there are two stages "${stage.name}"`);
      if (reservedNames.has(stage.name)) {
        complain('ReservedStageName', `"${stage.name}" has a meaning of its own and should not name a stage`);
      }
      names.add(stage.name);
    }
    checkStage(source, stage, report);
  }
}

function checkStage(source: SourceText, { instructions }: StageSource, report: Report): void {
  const shellSet = instructions.some(({ type }) => type === 'SHELL');
  const last = new Map(instructions.map((instruction) => [instruction.type, instruction]));
  for (const instruction of instructions) {
    const { type, keyword, range } = instruction;
    if (onceInstructions.has(type) && last.get(type) !== instruction) {
      report({
        rule: 'MultipleInstructionsDisallowed',
        message: `this ${type} does nothing: a later one in the same stage replaces it`,
        source,
        range,
      });
    }
    switch (instruction.type) {
      case 'CMD':
      case 'ENTRYPOINT':
        if (instruction.command.form === 'shell' && !shellSet) {
          report({
            rule: 'JSONArgsRecommended',
            message: `${type} as text runs in a shell, which passes no signals on; write it as a JSON array`,
            source,
            range,
          });
        }
        break;
      case 'MAINTAINER':
        report({
          rule: 'MaintainerDeprecated',
          message: 'MAINTAINER is deprecated; write LABEL org.opencontainers.image.authors=…',
          source,
          range,
        });
        break;
      case 'ENV':
      case 'LABEL':
        if (instruction.legacy) {
          report({
            rule: 'LegacyKeyValueFormat',
            message: `write ${keyword.text} key=value instead of ${keyword.text} key value`,
            source,
            range,
          });
        }
        if (instruction.type === 'ENV') {
          checkSecrets(
            source,
            'ENV',
            instruction.pairs.map(({ key }) => key),
            report,
          );
        }
        break;
      case 'ARG':
        checkSecrets(
          source,
          'ARG',
          instruction.args.map(({ name }) => name),
          report,
        );
        break;
      default:
    }
  }
}

function checkSecrets(
  source: SourceText,
  type: 'ARG' | 'ENV',
  names: readonly { text: string; range: Parameters<Report>[0]['range'] }[],
  report: Report,
): void {
  for (const { text, range } of names) {
    if (text.length > 256 || !secretName.test(text) || publicName.test(text)) continue;
    report({
      rule: 'SecretsUsedInArgOrEnv',
      message: `${type} "${text}" looks like a secret, and the image will tell it; use RUN --mount=type=secret`,
      source,
      range,
    });
  }
}
