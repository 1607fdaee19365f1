import type { CliContext } from '#cli/context.ts';
import { clientCommit, clientVersion } from '#cli/version.ts';
import { defaultApiMinor, formatApiVersion } from '#wire/api-version.ts';

/** What `version` and `info` tell of the CLI itself, under the names of Docker's fields. */
export interface ClientVersion {
  Version: string;
  ApiVersion?: string;
  DefaultAPIVersion: string;
  GitCommit: string;
  /** The language's version, as Docker tells Go's. */
  GoVersion: string;
  Os: string;
  Arch: string;
  Context: string;
}

/** The newest whose answers the CLI knows. Requests carry no version, so that the daemon answers in its own newest. */
const apiVersion = formatApiVersion(defaultApiMinor);

const architectures: Readonly<Record<string, string>> = { x64: 'amd64', ia32: '386' };

/** `serverApiVersion`: the newest that the daemon speaks, when it was asked. */
export function describeClient(context: CliContext, serverApiVersion?: string): ClientVersion {
  return {
    Version: clientVersion(),
    ...(serverApiVersion === undefined ? {} : { ApiVersion: lower(serverApiVersion, apiVersion) }),
    DefaultAPIVersion: apiVersion,
    GitCommit: clientCommit(),
    GoVersion: `node${process.versions.node}`,
    Os: process.platform,
    Arch: architectures[process.arch] ?? process.arch,
    Context: context.environment['DOCKER_CONTEXT'] || 'default',
  };
}

function lower(a: string, b: string): string {
  const number = (text: string) => Number(text.split('.')[0]) * 1000 + Number(text.split('.')[1]);
  return number(a) < number(b) ? a : b;
}
