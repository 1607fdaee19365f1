import { integer } from '#cli/options.ts';

/** `--timeout` of the commands that stop containers. */
export const timeoutOption = integer({ short: 't', help: 'Specify a shutdown timeout in seconds' });
