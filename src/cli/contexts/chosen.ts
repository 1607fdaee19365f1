import { currentContext, defaultContext } from '#cli/contexts/store.ts';

/** What decides which context a command works with. */
export interface ContextChoice {
  /** `--context` */
  given: string | undefined;
  hosts: readonly string[];
  environment: Readonly<Record<string, string | undefined>>;
  configDirectory: string;
}

/**
 * Docker's order: `--context`, then a host by option or environment (which means the default context), then DOCKER_CONTEXT, then
 * what `context use` chose.
 */
export function chosenContext({ given, hosts, environment, configDirectory }: ContextChoice): string {
  if (given) return given;
  if (hosts.length > 0 || environment['DHOW_HOST'] || environment['DOCKER_HOST']) return defaultContext;
  return environment['DOCKER_CONTEXT'] || currentContext(configDirectory) || defaultContext;
}
