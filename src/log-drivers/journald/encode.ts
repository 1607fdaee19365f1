import type { LogRecord } from '#log-drivers/destination.ts';
import type { LogSubject } from '#log-drivers/subject.ts';

/** syslog(3). */
const priorities = { stdout: '6', stderr: '3' };

/** Fields that are the same for all records of a container, in Docker's names. */
export function containerFields(
  subject: LogSubject,
  tag: string,
  attributes: Readonly<Record<string, string>>,
): Buffer {
  return encodeFields({
    ...attributes,
    CONTAINER_ID: subject.id.slice(0, 12),
    CONTAINER_ID_FULL: subject.id,
    CONTAINER_NAME: subject.name,
    CONTAINER_TAG: tag,
    IMAGE_NAME: subject.imageName,
    SYSLOG_IDENTIFIER: tag,
  });
}

/** One entry in the journal's native protocol (systemd's JOURNAL_NATIVE_PROTOCOL). */
export function encodeEntry(record: LogRecord, common: Uint8Array): Buffer {
  const { piece } = record;
  const fields = encodeFields({
    PRIORITY: priorities[record.stream],
    SYSLOG_TIMESTAMP: record.timestamp,
    ...(piece
      ? {
          CONTAINER_PARTIAL_MESSAGE: 'true',
          CONTAINER_PARTIAL_ID: piece.id,
          CONTAINER_PARTIAL_ORDINAL: String(piece.ordinal),
          CONTAINER_PARTIAL_LAST: String(piece.isLast),
        }
      : {}),
  });
  return Buffer.concat([common, fields, Buffer.from('MESSAGE='), record.message, Buffer.from('\n')]);
}

/** A value with a newline has its length in front, as 64 bits, little-endian. */
function encodeFields(fields: Readonly<Record<string, string>>): Buffer {
  return Buffer.concat(
    Object.entries(fields).flatMap(([name, value]) => {
      if (!value.includes('\n')) return [Buffer.from(`${name}=${value}\n`)];
      const bytes = Buffer.from(value);
      const length = Buffer.alloc(8);
      length.writeBigUInt64LE(BigInt(bytes.length));
      return [Buffer.from(`${name}\n`), length, bytes, Buffer.from('\n')];
    }),
  );
}
