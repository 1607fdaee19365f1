import type { Report } from '#build/checks/finding.ts';
import type { Dockerfile } from '#build/dockerfile.ts';

type Casing = 'upper' | 'lower' | 'mixed';

export function checkCasing({ source, globalArgs, stages }: Dockerfile, report: Report): void {
  const instructions = [...globalArgs, ...stages.flatMap((stage) => [stage.from, ...stage.instructions])];
  const uppers = instructions.filter(({ keyword }) => casingOf(keyword.text) === 'upper').length;
  const lowers = instructions.filter(({ keyword }) => casingOf(keyword.text) === 'lower').length;
  const majority: Casing = lowers > uppers ? 'lower' : 'upper';
  for (const { keyword } of instructions) {
    if (casingOf(keyword.text) === majority) continue;
    report({
      rule: 'ConsistentInstructionCasing',
      message: `"${keyword.text}" should be in ${majority} case, like most instructions here`,
      source,
      range: keyword.range,
    });
  }
  for (const { from } of stages) {
    if (from.stage === undefined) continue;
    const { as, name } = from.stage;
    if (casingOf(as.text) !== casingOf(from.keyword.text)) {
      report({
        rule: 'FromAsCasing',
        message: `"${as.text}" should be in the same case as "${from.keyword.text}"`,
        source,
        range: as.range,
      });
    }
    if (name.text !== name.text.toLowerCase()) {
      report({
        rule: 'StageNameCasing',
        message: `the name of the stage, "${name.text}", should be in lower case`,
        source,
        range: name.range,
      });
    }
  }
}

function casingOf(text: string): Casing {
  if (text === text.toUpperCase()) return 'upper';
  return text === text.toLowerCase() ? 'lower' : 'mixed';
}
