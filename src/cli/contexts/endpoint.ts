import { readFileSync } from 'node:fs';
import type { TlsFiles } from '#cli/contexts/store.ts';
import { createTransport } from '#client/transport.ts';
import { DhowError, messageOf } from '#errors/error.ts';

/**
 * What `--docker` says: `host=tcp://…,ca=FILE,cert=FILE,key=FILE,skip-tls-verify=true`, as comma separated pairs.
 * @throws InvalidParameter for anything else, an unreadable file and a host that is none
 */
export function parseEndpoint(text: string): { host: string; skipTlsVerify: boolean; tls: TlsFiles } {
  const tls: TlsFiles = {};
  let host = '';
  let skipTlsVerify = false;
  for (const pair of text.split(',')) {
    const equals = pair.indexOf('=');
    const key = pair.slice(0, equals).trim().toLowerCase();
    const value = pair.slice(equals + 1).trim();
    if (equals < 1)
      throw new DhowError('InvalidParameter', `--docker: "${pair}" is not of the form key=value`);
    if (key === 'host') host = value;
    else if (key === 'ca' || key === 'cert' || key === 'key') tls[key] = readPem(value);
    else if (key === 'skip-tls-verify') skipTlsVerify = value === '' || value === 'true' || value === '1';
    else {
      throw new DhowError(
        'InvalidParameter',
        `--docker: unrecognized config key "${key}": expected host, ca, cert, key or skip-tls-verify`,
      );
    }
  }
  if (host === '')
    throw new DhowError(
      'InvalidParameter',
      '--docker: host is missing, as in host=unix:///run/dhow/dhow.sock',
    );
  createTransport(host);
  return { host, skipTlsVerify, tls };
}

function readPem(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw new DhowError('InvalidParameter', `cannot read TLS file ${path}: ${messageOf(error)}`, {
      cause: error,
    });
  }
}
