import fs from 'node:fs';
import path from 'node:path';
import { outputOf } from './command.ts';

/** A directory as `DOCKER_CERT_PATH` wants it: `ca.pem`, `cert.pem`, `key.pem`. */
export type CertificateDirectory = string;

/** An authority in a directory of its own, and what it signs. */
export interface Authority {
  /** For a server at 127.0.0.1, or for a client. */
  issue(name: string, use: 'serverAuth' | 'clientAuth'): Promise<CertificateDirectory>;
}

/** Makes the authority's key and certificate; `parent` exists and is the caller's to remove. */
export async function createAuthority(parent: string, name: string): Promise<Authority> {
  const directory = path.join(parent, name);
  fs.mkdirSync(directory);
  const own = { key: path.join(directory, 'ca-key.pem'), certificate: path.join(directory, 'ca.pem') };
  const newKey = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];
  await outputOf('openssl', [
    ...['req', '-x509', ...newKey, '-days', '2', '-subj', `/CN=${name}`],
    ...['-keyout', own.key, '-out', own.certificate],
  ]);
  return {
    async issue(subject, use) {
      const issued = path.join(directory, subject);
      fs.mkdirSync(issued);
      const [key, request, certificate] = ['key.pem', 'request.pem', 'cert.pem'].map((file) =>
        path.join(issued, file),
      ) as [string, string, string];
      const extensions = path.join(issued, 'extensions');
      fs.writeFileSync(extensions, `subjectAltName=IP:127.0.0.1\nextendedKeyUsage=${use}\n`);
      await outputOf('openssl', [
        'req',
        ...newKey,
        ...['-subj', `/CN=${subject}`, '-keyout', key, '-out', request],
      ]);
      await outputOf('openssl', [
        ...['x509', '-req', '-in', request, '-CA', own.certificate, '-CAkey', own.key, '-CAcreateserial'],
        ...['-days', '2', '-extfile', extensions, '-out', certificate],
      ]);
      fs.copyFileSync(own.certificate, path.join(issued, 'ca.pem'));
      return issued;
    },
  };
}
