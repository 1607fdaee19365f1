/**
 * The build checks of the Dockerfile reference. Names and URLs are those of BuildKit, so that `# check=skip=…` and what
 * people find in the documentation fit.
 */
export interface Rule {
  description: string;
  /** Not run unless asked for. */
  experimental?: true;
}

export const rules = {
  StageNameCasing: { description: 'names of stages should be in lower case' },
  FromAsCasing: { description: 'FROM and AS should be in the same case' },
  NoEmptyContinuation: { description: 'a blank line inside of an instruction will become an error' },
  ConsistentInstructionCasing: { description: 'all instructions should be in the same case' },
  DuplicateStageName: { description: 'no two stages should have the same name' },
  ReservedStageName: { description: 'a stage should not have a name with a meaning of its own' },
  JSONArgsRecommended: {
    description: 'CMD and ENTRYPOINT should be JSON, so that signals reach the program',
  },
  MaintainerDeprecated: { description: 'MAINTAINER is deprecated; a label can name the author' },
  UndefinedArgInFrom: { description: 'FROM should use declared arguments only' },
  WorkdirRelativePath: { description: 'a relative WORKDIR depends on what the base image has' },
  UndefinedVar: { description: 'a variable should be defined before its use' },
  MultipleInstructionsDisallowed: { description: 'of these instructions only the last in a stage counts' },
  LegacyKeyValueFormat: { description: 'keys and values should be joined by =' },
  RedundantTargetPlatform: { description: '--platform=$TARGETPLATFORM is the default of FROM' },
  SecretsUsedInArgOrEnv: { description: 'secrets should not be in ARG or ENV' },
  InvalidDefaultArgInFrom: { description: 'the default of an argument gives no usable name of an image' },
  FromPlatformFlagConstDisallowed: { description: 'FROM should not have a constant --platform' },
  CopyIgnoredFile: {
    description: 'a file that .dockerignore keeps out cannot be copied',
    experimental: true,
  },
  InvalidDefinitionDescription: {
    description: 'a comment on a stage or an argument should begin with its name',
    experimental: true,
  },
  ExposeProtoCasing: { description: 'the protocol of EXPOSE should be in lower case' },
  ExposeInvalidFormat: { description: 'EXPOSE should have a port and no address or port of the host' },
} satisfies Record<string, Rule>;

export type RuleName = keyof typeof rules;

/** Where the rule is explained. */
export function ruleUrl(name: RuleName): string {
  const words = name.replace(/([a-z0-9])([A-Z])/g, '$1-$2').replace(/([A-Z])([A-Z][a-z])/g, '$1-$2');
  return `https://docs.docker.com/go/dockerfile/rule/${words.toLowerCase()}/`;
}

export function isRuleName(text: string): text is RuleName {
  return Object.hasOwn(rules, text);
}

export function isExperimental(name: RuleName): boolean {
  const rule: Rule = rules[name];
  return rule.experimental === true;
}
