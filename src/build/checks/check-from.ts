import type { Report } from '#build/checks/finding.ts';
import type { FromInstruction } from '#build/dockerfile/instructions.ts';
import type { Word } from '#build/dockerfile/source.ts';
import { didYouMean } from '#build/dockerfile/suggest.ts';
import type { Dockerfile } from '#build/dockerfile.ts';
import { expandWord } from '#build/expand/expand.ts';
import { evaluateGlobals } from '#build/plan/global-scope.ts';
import type { BuildPlatforms } from '#build/plan/platforms.ts';
import { lookupIn } from '#build/plan/scope.ts';
import { kindOf } from '#errors/error.ts';
import { parsePlatform } from '#image/platform.ts';
import { parseReference } from '#image/reference.ts';

/** What can be said about FROM without looking for the images. */
export function checkFrom(dockerfile: Dockerfile, platforms: BuildPlatforms, report: Report): void {
  const { source, directives, stages } = dockerfile;
  const globals = expandOrNothing(() =>
    evaluateGlobals(dockerfile, { platforms, targetStage: 'default', buildArgs: new Map() }),
  );
  if (globals === undefined) return;
  const { scope, budget } = globals;

  /** The value with the defaults of all arguments, and the names that it uses. */
  function expand(word: Word): { text: string; names: string[]; undeclared: string[] } {
    const names = new Set<string>();
    const undeclared = new Set<string>();
    const text = expandWord(word.text, {
      escapeMark: directives.escape,
      budget,
      lookup: (name) => {
        names.add(name);
        if (!scope.args.has(name)) undeclared.add(name);
        return lookupIn(scope, name);
      },
    });
    return { text, names: [...names], undeclared: [...undeclared] };
  }

  const stageNames = new Set<string>();
  for (const { from, name } of stages) {
    for (const word of from.platform ? [from.image, from.platform] : [from.image]) {
      for (const undeclared of expandOrNothing(() => expand(word))?.undeclared ?? []) {
        report({
          rule: 'UndefinedArgInFrom',
          message: `the argument "${undeclared}" is not declared before the first FROM${didYouMean(undeclared, scope.args.keys())}`,
          source,
          range: word.range,
        });
      }
    }
    const image = expandOrNothing(() => expand(from.image));
    if (image && image.names.length > 0 && !isBaseName(image.text, stageNames)) {
      report({
        rule: 'InvalidDefaultArgInFrom',
        message: `with the default of ${image.names.join(', ')} the name of the image is ${image.text === '' ? 'empty' : `"${image.text}"`}`,
        source,
        range: from.image.range,
      });
    }
    if (from.platform) checkPlatform(dockerfile, from, from.platform, report);
    if (name !== undefined) stageNames.add(name);
  }
}

/** `${x:?}` fails without a build argument, which is its purpose. */
function expandOrNothing<Result>(expand: () => Result): Result | undefined {
  try {
    return expand();
  } catch (error) {
    if (kindOf(error) === 'InvalidParameter') return undefined;
    throw error;
  }
}

function isBaseName(text: string, stageNames: ReadonlySet<string>): boolean {
  if (text === 'scratch' || stageNames.has(text.toLowerCase())) return true;
  return text !== '' && expandOrNothing(() => parseReference(text)) !== undefined;
}

function checkPlatform({ source }: Dockerfile, from: FromInstruction, platform: Word, report: Report): void {
  const { text, range } = platform;
  if (/^\$(?:TARGETPLATFORM|\{TARGETPLATFORM\})$/.test(text)) {
    report({
      rule: 'RedundantTargetPlatform',
      message: `--platform=${text} can be left out: it is the default of FROM`,
      source,
      range,
    });
  }
  if (text === '' || text.includes('$')) return;
  // A stage for one platform, which others choose by name, may well be constant.
  const parsed = expandOrNothing(() => parsePlatform(text));
  const stageName = from.stage?.name.text.toLowerCase() ?? '';
  if (parsed && [parsed.os, parsed.architecture].some((part) => stageName.includes(part))) return;
  report({
    rule: 'FromPlatformFlagConstDisallowed',
    message: `--platform=${text} is constant: this image cannot be built for another platform`,
    source,
    range,
  });
}
