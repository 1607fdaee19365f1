declare const DHOW_VERSION: string | undefined;
declare const DHOW_COMMIT: string | undefined;

/** Filled in by the build; a CLI that runs from its sources says so. */
export function clientVersion(): string {
  return typeof DHOW_VERSION === 'string' ? DHOW_VERSION : '0.1.0';
}

export function clientCommit(): string {
  return typeof DHOW_COMMIT === 'string' ? DHOW_COMMIT : 'source';
}
