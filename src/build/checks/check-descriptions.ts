import type { Report } from '#build/checks/finding.ts';
import type { Dockerfile } from '#build/dockerfile.ts';

/** A comment directly above a named stage or an ARG is taken for its description, which begins with the name. */
export function checkDescriptions({ source, globalArgs, stages }: Dockerfile, report: Report): void {
  const described = [
    ...globalArgs,
    ...stages.flatMap(({ from, instructions }) => [
      from,
      ...instructions.filter((instruction) => instruction.type === 'ARG'),
    ]),
  ];
  for (const instruction of described) {
    const { comments, range } = instruction;
    if ((comments.at(-1) ?? '') === '') continue;
    const names =
      instruction.type === 'ARG'
        ? instruction.args.map(({ name }) => name.text)
        : instruction.stage === undefined
          ? []
          : [instruction.stage.name.text];
    if (names.length === 0 || comments.some((line) => names.some((name) => line.startsWith(`${name} `))))
      continue;
    report({
      rule: 'InvalidDefinitionDescription',
      message: `the comment above should begin with "${names[0]}", or be parted by a blank line`,
      source,
      range,
    });
  }
}
