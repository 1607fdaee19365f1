import type { LogRecord } from '#log-drivers/destination.ts';
import type { SyslogSettings } from '#log-drivers/syslog/options.ts';

/** RFC 5424, 6.2.1. */
const severities = { stdout: 6, stderr: 3 };

const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

export interface SyslogIdentity {
  tag: string;
  hostname: string;
  pid: number;
}

/** One message, with a newline at its end as Docker writes it; over TLS an RFC 5424 message has its length in front (RFC 5425, 4.3). */
export function formatMessage(
  record: LogRecord,
  { facility, format, address }: Pick<SyslogSettings, 'facility' | 'format' | 'address'>,
  { tag, hostname, pid }: SyslogIdentity,
): Buffer {
  const priority = facility * 8 + severities[record.stream];
  const header = (): string => {
    switch (format) {
      case '':
        return `<${priority}>${localTime(record)} ${tag}[${pid}]: `;
      case 'rfc3164':
        return `<${priority}>${localTime(record)} ${hostname} ${tag}[${pid}]: `;
      case 'rfc5424':
        return `<${priority}>1 ${utcTime(record, 0)} ${hostname} ${tag} ${pid} ${tag} - `;
      case 'rfc5424micro':
        return `<${priority}>1 ${utcTime(record, 6)} ${hostname} ${tag} ${pid} ${tag} - `;
    }
  };
  const message = Buffer.concat([Buffer.from(header()), record.message, Buffer.from('\n')]);
  const isCounted = address?.protocol === 'tcp+tls' && format.startsWith('rfc5424');
  return isCounted ? Buffer.concat([Buffer.from(`${message.length} `), message]) : message;
}

/** RFC 3164, 4.1.2: local time without year or zone, the day padded by a space. */
function localTime({ timestamp }: LogRecord): string {
  const time = new Date(timestamp);
  const two = (number: number): string => String(number).padStart(2, '0');
  const day = String(time.getDate()).padStart(2, ' ');
  return `${months[time.getMonth()]} ${day} ${two(time.getHours())}:${two(time.getMinutes())}:${two(time.getSeconds())}`;
}

function utcTime({ timestamp }: LogRecord, digits: number): string {
  const [seconds = '', fraction = ''] = timestamp.replace(/Z$/, '').split('.');
  return digits === 0 ? `${seconds}Z` : `${seconds}.${fraction.slice(0, digits).padEnd(digits, '0')}Z`;
}
