import os from 'node:os';
import { DhowError, messageOf } from '#errors/error.ts';
import { chosenAttributes, journalFields } from '#log-drivers/attributes.ts';
import { isTooLarge, openDatagrams } from '#log-drivers/datagrams.ts';
import type { LogDestination } from '#log-drivers/destination.ts';
import { containerFields, encodeEntry } from '#log-drivers/journald/encode.ts';
import type { DestinationSettings, LogOptions } from '#log-drivers/options.ts';
import type { LogSubject } from '#log-drivers/subject.ts';
import { connectSyslog } from '#log-drivers/syslog/connect.ts';
import { formatMessage } from '#log-drivers/syslog/format.ts';
import { expandTag } from '#log-drivers/tag.ts';

export interface DestinationRequest {
  settings: DestinationSettings;
  options: LogOptions;
  subject: LogSubject;
  journaldSocket: string;
}

/** @throws Unavailable when it cannot be reached */
export async function openDestination(request: DestinationRequest): Promise<LogDestination> {
  const { settings } = request;
  try {
    return settings.kind === 'syslog' ? await openSyslog(settings, request) : openJournal(request);
  } catch (error) {
    throw new DhowError(
      'Unavailable',
      `failed to initialize logging driver: ${settings.kind}: ${messageOf(error)}`,
      { cause: error },
    );
  }
}

async function openSyslog(
  settings: Extract<DestinationSettings, { kind: 'syslog' }>,
  { options, subject }: DestinationRequest,
): Promise<LogDestination> {
  const connection = await connectSyslog(settings);
  const identity = { tag: expandTag(options['tag'], subject), hostname: os.hostname(), pid: process.pid };
  return {
    send: (record) => connection.send(formatMessage(record, settings, identity)),
    close: () => connection.close(),
  };
}

function openJournal({ options, subject, journaldSocket }: DestinationRequest): LogDestination {
  const datagrams = openDatagrams(journaldSocket);
  const attributes = journalFields(chosenAttributes(options, subject));
  const common = containerFields(subject, expandTag(options['tag'], subject), attributes);
  return {
    async send(record) {
      const entry = encodeEntry(record, common);
      try {
        await datagrams.send(entry);
      } catch (error) {
        if (!isTooLarge(error)) throw error;
        await datagrams.sendAsFile(entry);
      }
    },
    close: () => datagrams.close(),
  };
}
