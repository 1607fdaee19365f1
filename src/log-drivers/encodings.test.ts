import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { LogRecord } from '#log-drivers/destination.ts';
import { containerFields, encodeEntry } from '#log-drivers/journald/encode.ts';
import { formatMessage } from '#log-drivers/syslog/format.ts';
import { subject } from '#log-drivers/testing/subject.ts';

const record: LogRecord = {
  stream: 'stderr',
  timestamp: '2026-01-02T03:04:05.123456789Z',
  message: Buffer.from('it broke'),
};

test('the formats of syslog', () => {
  const identity = { tag: 'web', hostname: 'host', pid: 7 };
  const inFormat = (format: '' | 'rfc3164' | 'rfc5424' | 'rfc5424micro', over?: 'tcp+tls') =>
    formatMessage(
      record,
      { facility: 3, format, address: over && { protocol: over, host: 'h', port: 1 } },
      identity,
    ).toString();
  assert.match(inFormat(''), /^<27>Jan {2}[123] \d\d:04:05 web\[7\]: it broke\n$/);
  assert.match(inFormat('rfc3164'), /^<27>Jan {2}[123] \d\d:04:05 host web\[7\]: it broke\n$/);
  const plain = '<27>1 2026-01-02T03:04:05Z host web 7 web - it broke\n';
  assert.equal(inFormat('rfc5424'), plain);
  assert.equal(inFormat('rfc5424', 'tcp+tls'), `${plain.length} ${plain}`);
  assert.equal(inFormat('rfc5424micro'), plain.replace('05Z', '05.123456Z'));
});

test('an entry of the journal', () => {
  const common = containerFields(subject, 'tag', { TEAM: 'red\nblue' });
  const piece = { id: 'abc', ordinal: 2, isLast: true };
  assert.equal(
    encodeEntry({ ...record, piece }, common).toString('latin1'),
    [
      'TEAM\n\b\0\0\0\0\0\0\0red\nblue',
      'CONTAINER_ID=0123456789ab',
      `CONTAINER_ID_FULL=${subject.id}`,
      'CONTAINER_NAME=web',
      'CONTAINER_TAG=tag',
      'IMAGE_NAME=busybox:latest',
      'SYSLOG_IDENTIFIER=tag',
      'PRIORITY=3',
      'SYSLOG_TIMESTAMP=2026-01-02T03:04:05.123456789Z',
      'CONTAINER_PARTIAL_MESSAGE=true',
      'CONTAINER_PARTIAL_ID=abc',
      'CONTAINER_PARTIAL_ORDINAL=2',
      'CONTAINER_PARTIAL_LAST=true',
      'MESSAGE=it broke',
      '',
    ].join('\n'),
  );
});
