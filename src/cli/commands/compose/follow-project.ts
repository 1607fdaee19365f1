import { type LogPrinter, shortName } from '#cli/commands/compose/log-printer.ts';
import { readLogLines } from '#cli/commands/compose/read-lines.ts';
import type { Client } from '#client/client.ts';
import { inspectContainer } from '#client/containers.ts';
import { systemInfo, watchEvents } from '#client/system.ts';
import { label } from '#compose/labels.ts';
import { isActive, type ServiceContainer } from '#compose/observe.ts';
import { kindOf, messageOf } from '#errors/error.ts';
import type { EventMessage } from '#wire/events.ts';

export interface FollowSettings {
  readonly client: Client;
  readonly project: string;
  readonly printer: LogPrinter;
  readonly timestamps: boolean;
  /** Whether the output of a service's container is printed. */
  prints(service: string, number: number): boolean;
  /** Told of each container that has ended and does not run again by itself, after its last line. */
  onExit(exit: Exit): void;
}

export interface Exit {
  readonly service: string;
  readonly name: string;
  readonly exitCode: number;
}

export interface Following {
  /** Prints the log of a container that is there already. `query` says which of its lines. */
  attach(container: ServiceContainer, query: Readonly<Record<string, string>>): void;
  /** Resolves when the starts of these containers, by name, have been told. */
  started(names: readonly string[]): Promise<void>;
  /** Resolves when nothing runs any more whose output is printed. */
  idle(): Promise<void>;
  /** Ends with an error when the connection to the daemon does. */
  readonly failed: Promise<never>;
  /** Prints no more. */
  close(): void;
}

/**
 * Prints the logs of a project's containers as they come, each from its start, also of those that start later. It is in effect when the
 * promise resolves.
 */
export async function followProject(settings: FollowSettings, signal: AbortSignal): Promise<Following> {
  const { client, project, printer } = settings;
  const over = new AbortController();
  const until = AbortSignal.any([signal, over.signal]);
  /** What is being printed, by container. */
  const copies = new Map<string, Promise<void>>();
  /** When containers ended that may start again: what they said until then has been printed. */
  const ends = new Map<string, string>();
  /** Containers whose end was told before anybody followed them. */
  const gone = new Set<string>();
  /** Names of containers that have started since. */
  const begun = new Set<string>();
  /** Asked again at each event. */
  const waiting = new Map<() => boolean, () => void>();

  const when = (condition: () => boolean) =>
    new Promise<void>((resolve) => {
      if (condition()) resolve();
      else waiting.set(condition, resolve);
    });
  const notify = () => {
    for (const [condition, resolve] of waiting) {
      if (!condition()) continue;
      waiting.delete(condition);
      resolve();
    }
  };

  const copy = async (id: string, name: string, query: Readonly<Record<string, string>>): Promise<void> => {
    const writer = printer(shortName(project, name));
    // Asked before anything is waited for: its end may be told meanwhile.
    const since = ends.get(id) ?? begin;
    try {
      const { Config: config } = await inspectContainer(client, id, {}, until);
      const { timestamps } = settings;
      const wanted = { follow: true, timestamps, since, ...query };
      const lines = readLogLines(client, id, wanted, config.Tty ?? false, until);
      for await (const { stream, text } of lines) await writer.line(stream, text);
    } catch (error) {
      if (until.aborted || kindOf(error) === 'NotFound') return;
      await writer.note(`${name}: no log: ${messageOf(error)}`);
    }
  };

  const isPrinted = (attributes: Readonly<Record<string, string>>) =>
    settings.prints(attributes[label.service] ?? '', Number(attributes[label.number] ?? 1));

  const finish = (id: string) => {
    copies.delete(id);
    notify();
  };

  const ended = async ({
    Actor: { ID: id, Attributes: attributes },
    timeNano,
  }: EventMessage): Promise<void> => {
    const name = attributes['name'] ?? id;
    ends.set(id, toSeconds(timeNano));
    if (!copies.has(id)) gone.add(id);
    await copies.get(id);
    if (until.aborted) return;
    const exitCode = Number(attributes['exitCode'] ?? 0);
    const again = await inspectContainer(client, id, {}, until).then(
      ({ State: state }) => state.Running || state.Restarting,
      () => false,
    );
    if (isPrinted(attributes)) {
      const shown = shortName(project, name);
      await printer(shown).note(`${shown} exited with code ${exitCode}`);
    }
    if (again) return;
    // First of all: it may be the last one, and the reason to end.
    settings.onExit({ service: attributes[label.service] ?? '', name, exitCode });
    finish(id);
  };

  const filters = { type: ['container'], label: [`${label.project}=${project}`] };
  const events = await watchEvents(client, { filters }, until);
  // By the daemon's clock: what was said before is not of the starts that are to come.
  const begin = toSeconds(Date.parse((await systemInfo(client, until)).SystemTime) * 1e6);
  const failed = Promise.withResolvers<never>();
  failed.promise.catch(() => {});
  const listen = async () => {
    for await (const event of events) {
      const { ID: id, Attributes: attributes } = event.Actor;
      if (attributes[label.oneOff] === 'True') continue;
      if (event.Action === 'start') {
        gone.delete(id);
        if (isPrinted(attributes)) copies.set(id, copy(id, attributes['name'] ?? id, {}));
        begun.add(attributes['name'] ?? id);
        notify();
      } else if (event.Action === 'die') void ended(event).catch(failed.reject);
    }
  };
  listen().catch((error: unknown) => {
    if (!until.aborted) failed.reject(error);
  });

  return {
    attach(container, query) {
      const { id, name } = container;
      const copied = copy(id, name, query);
      // The end of one that runs will be told.
      copies.set(id, isActive(container) && !gone.has(id) ? copied : copied.then(() => finish(id)));
    },
    started: (names) => when(() => names.every((name) => begun.has(name))),
    idle: () => when(() => copies.size === 0),
    failed: failed.promise,
    close: () => over.abort(),
  };
}

/** Nanoseconds since the epoch as the API takes moments. */
function toSeconds(nanoseconds: number): string {
  const seconds = Math.floor(nanoseconds / 1e9);
  return `${seconds}.${String(Math.floor(nanoseconds - seconds * 1e9)).padStart(9, '0')}`;
}
