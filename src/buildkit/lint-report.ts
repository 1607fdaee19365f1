import type { BuildEvent, BuildSettings, BuildWarning } from '#engine/builds.ts';
import { DhowError } from '#errors/error.ts';

/** What `docker build --check` shows: the answer of BuildKit's subrequest `frontend.lint` (frontend/subrequests/lint). */
export interface LintReport {
  onEvent(event: BuildEvent): void;
  /** @returns the report by the names that clients look for */
  during(check: () => Promise<unknown>): Promise<ReadonlyMap<string, Uint8Array>>;
}

/** @throws Unsupported for another call than the check */
export function createLintReport(call: string, dockerfile: BuildSettings['dockerfile']): LintReport {
  if (call !== 'lint') {
    throw new DhowError('Unsupported', `the call "${call.slice(0, 60)}" is not supported: there is --check`);
  }
  const warnings: BuildWarning[] = [];
  return {
    onEvent(event) {
      if (event.type === 'warning') warnings.push(event.warning);
    },
    async during(check) {
      await check();
      const source =
        'bytes' in dockerfile
          ? [
              {
                filename: dockerfile.name,
                language: 'Dockerfile',
                data: Buffer.from(dockerfile.bytes).toString('base64'),
              },
            ]
          : [];
      const report = {
        warnings: warnings.map(({ rule, message, url, line }) => ({
          ruleName: rule,
          description: '',
          url,
          detail: message,
          location: { sourceIndex: source.length - 1, ranges: [{ start: { line }, end: { line } }] },
        })),
        sources: source,
      };
      const text = warnings
        .map(({ rule, message, file, line }) => `${file}:${line}: ${rule}: ${message}\n`)
        .join('');
      return new Map([
        ['result.json', Buffer.from(JSON.stringify(report))],
        ['result.txt', Buffer.from(text)],
        ['result.statuscode', Buffer.from(warnings.length > 0 ? '1' : '0')],
        ['version', Buffer.from('1.0.0')],
      ]);
    },
  };
}
