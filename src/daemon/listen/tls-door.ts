import fs from 'node:fs';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { createSecureContext, createServer, type SecureContextOptions } from 'node:tls';
import type { DaemonConfig } from '#daemon/config.ts';
import { DhowError, messageOf } from '#errors/error.ts';
import type { Log } from '#log/log.ts';

export type TlsSettings = Pick<DaemonConfig, 'tlsVerify' | 'tlsFiles'>;

/** Lets in those who speak TLS and, where they have to show a certificate, show one of the authority. */
export interface TlsDoor {
  /** A connection of any listener. */
  admit(raw: Socket): void;
  /** Reads the certificates again, for the connections to come. @throws InvalidParameter, with the former ones still in use */
  renew(): void;
}

const handshakeTimeoutMs = 10_000;

/** @param enter the connections that were let in */
export function createTlsDoor(settings: TlsSettings, enter: (connection: Duplex) => void, log: Log): TlsDoor {
  // It never listens itself: so it serves sockets of all origins, and all of them with the same certificates.
  const server = createServer(
    {
      ...readTlsFiles(settings),
      requestCert: settings.tlsVerify,
      rejectUnauthorized: settings.tlsVerify,
      ALPNProtocols: ['http/1.1'],
      handshakeTimeout: handshakeTimeoutMs,
    },
    enter,
  );
  server.on('tlsClientError', (error, { authorizationError, remoteAddress }) => {
    log.warn('tls connection refused', {
      peer: remoteAddress,
      error: String(authorizationError ?? messageOf(error)),
    });
  });
  return {
    admit: (raw) => server.emit('connection', raw),
    renew: () => server.setSecureContext(readTlsFiles(settings)),
  };
}

/** @throws InvalidParameter naming the file, or saying what does not fit together */
export function readTlsFiles({ tlsVerify, tlsFiles }: TlsSettings): SecureContextOptions {
  const files = {
    cert: readPem('tlscert', tlsFiles.certificate),
    key: readPem('tlskey', tlsFiles.key),
    ...(tlsVerify ? { ca: readPem('tlscacert', tlsFiles.authority) } : {}),
  };
  try {
    createSecureContext(files);
  } catch (cause) {
    throw new DhowError(
      'InvalidParameter',
      `${Object.values(tlsFiles).join(', ')} are not an authority, a certificate and its key: ${messageOf(cause)}`,
      { cause },
    );
  }
  return files;
}

function readPem(flag: string, file: string): string {
  try {
    return fs.readFileSync(file, 'utf8');
  } catch (cause) {
    throw new DhowError('InvalidParameter', `cannot read ${file} (--${flag}): ${messageOf(cause)}`, {
      cause,
    });
  }
}
