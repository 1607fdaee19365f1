import { formatPlatform, type Platform } from '#image/platform.ts';

/** Where the build runs, and what it makes an image for. */
export interface BuildPlatforms {
  build: Platform;
  target: Platform;
}

/** The arguments that every FROM may use, and every stage may declare without a value. */
export function platformArguments(
  { build, target }: BuildPlatforms,
  targetStage: string,
): Map<string, string> {
  return new Map([
    ...argumentsOf('BUILD', build),
    ...argumentsOf('TARGET', target),
    ['TARGETSTAGE', targetStage],
  ]);
}

function argumentsOf(prefix: string, platform: Platform): [string, string][] {
  return [
    [`${prefix}PLATFORM`, formatPlatform(platform)],
    [`${prefix}OS`, platform.os],
    [`${prefix}OSVERSION`, platform['os.version'] ?? ''],
    [`${prefix}ARCH`, platform.architecture],
    [`${prefix}VARIANT`, platform.variant ?? ''],
  ];
}
