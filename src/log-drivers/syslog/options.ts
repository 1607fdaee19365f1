import { DhowError } from '#errors/error.ts';
import type { LogOptions } from '#log-drivers/options.ts';

export type SyslogAddress =
  | { protocol: 'udp' | 'tcp' | 'tcp+tls'; host: string; port: number }
  | { protocol: 'unix' | 'unixgram'; path: string };

const syslogFormats = ['', 'rfc3164', 'rfc5424', 'rfc5424micro'] as const;

export interface SyslogSettings {
  /** undefined: the host's own, wherever it listens. */
  address: SyslogAddress | undefined;
  /** RFC 5424, 6.2.1: 0 to 23. */
  facility: number;
  /** `''`: as syslog(3) writes to the local daemon. */
  format: (typeof syslogFormats)[number];
  /** Paths of PEM files, read when the connection is made. */
  tls: { ca?: string; cert?: string; key?: string; skipVerify: boolean };
}

export const syslogOptionNames = [
  'syslog-address',
  'syslog-facility',
  'syslog-format',
  'syslog-tls-ca-cert',
  'syslog-tls-cert',
  'syslog-tls-key',
  'syslog-tls-skip-verify',
];

const facilities = [
  ...['kern', 'user', 'mail', 'daemon', 'auth', 'syslog', 'lpr', 'news', 'uucp', 'cron', 'authpriv', 'ftp'],
  // 12 to 15 have no name in Docker.
  ...['', '', '', ''],
  ...Array.from({ length: 8 }, (_, index) => `local${index}`),
];
const daemonFacility = 3;

/** @throws InvalidParameter naming the option */
export function readSyslogOptions(options: LogOptions): SyslogSettings {
  const format = options['syslog-format'] ?? '';
  const known = syslogFormats.find((each) => each === format);
  if (known === undefined) throw refused('syslog-format', format, syslogFormats.filter(Boolean).join(', '));
  const ca = options['syslog-tls-ca-cert'];
  const cert = options['syslog-tls-cert'];
  const key = options['syslog-tls-key'];
  return {
    address: parseAddress(options['syslog-address'] ?? ''),
    facility: parseFacility(options['syslog-facility'] ?? ''),
    format: known,
    tls: {
      ...(ca ? { ca } : {}),
      ...(cert ? { cert } : {}),
      ...(key ? { key } : {}),
      // Docker takes any value for yes.
      skipVerify: Boolean(options['syslog-tls-skip-verify']),
    },
  };
}

function parseAddress(text: string): SyslogAddress | undefined {
  if (text === '') return undefined;
  const [, protocol, rest = ''] = /^([a-z+]+):\/\/(.+)$/.exec(text) ?? [];
  if ((protocol === 'unix' || protocol === 'unixgram') && rest.startsWith('/'))
    return { protocol, path: rest };
  if (protocol === 'udp' || protocol === 'tcp' || protocol === 'tcp+tls') {
    const [, bracketed, name = bracketed, port = '514'] =
      /^(?:\[([0-9a-f:.]+)\]|([^:/[\]]+))(?::(\d{1,5}))?$/i.exec(rest) ?? [];
    if (name !== undefined && Number(port) >= 1 && Number(port) <= 65535) {
      return { protocol, host: name, port: Number(port) };
    }
  }
  throw refused('syslog-address', text, '(udp|tcp|tcp+tls)://host:port or (unix|unixgram)://path');
}

function parseFacility(text: string): number {
  if (text === '') return daemonFacility;
  const number = /^\d{1,2}$/.test(text) ? Number(text) : facilities.indexOf(text);
  if (number >= 0 && number < facilities.length) return number;
  throw refused('syslog-facility', text, `0 to 23, or one of ${facilities.filter(Boolean).join(', ')}`);
}

function refused(name: string, value: string, expected: string): DhowError {
  return new DhowError(
    'InvalidParameter',
    `invalid log option ${name} "${value.slice(0, 100)}": expected ${expected}`,
  );
}
