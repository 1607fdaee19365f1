import { PassThrough, Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import type { Command } from '#cli/command.ts';
import type { CliContext } from '#cli/context.ts';
import type { OptionTable } from '#cli/options.ts';
import type { Client, ClientRequest } from '#client/client.ts';
import { decodeDaemonError } from '#client/daemon-error.ts';
import { messageOf } from '#errors/error.ts';

/** What a fake daemon says to one request. */
export interface FakeAnswer {
  status?: number;
  body?: unknown;
  contentType?: string;
}

export interface Call {
  method: string;
  path: string;
  query: Record<string, unknown>;
  headers: Readonly<Record<string, string>>;
  /** What was sent: a JSON value, or the text of a stream. */
  body: unknown;
}

export interface RunResult {
  code: number | undefined;
  stdout: string;
  stderr: string;
  /** The message of what the command threw. */
  thrown: string | undefined;
  calls: Call[];
}

export interface RunSettings {
  /** Answers by `METHOD /path`; what is not here is answered with 404. */
  answers?: Readonly<Record<string, FakeAnswer | ((call: Call) => FakeAnswer)>>;
  options?: Readonly<Record<string, unknown>>;
  operands?: readonly string[];
  stdin?: string;
  configDirectory?: string;
  workingDirectory?: string;
}

/** Runs a command with the options already parsed, against a daemon that knows only the given answers. */
export async function runCommand(command: Command, settings: RunSettings = {}): Promise<RunResult> {
  const calls: Call[] = [];
  const stdout = new PassThrough();
  const stderr = new PassThrough();
  const context: CliContext = {
    client: fakeClient(settings.answers ?? {}, calls),
    stdin: Readable.from([Buffer.from(settings.stdin ?? '')]),
    stdout,
    stderr,
    contextName: 'default',
    environment: {},
    workingDirectory: settings.workingDirectory ?? '/',
    configDirectory: settings.configDirectory ?? '/nonexistent',
    signal: new AbortController().signal,
    signals: {
      listen: () => ({ [Symbol.dispose]() {} }),
      onResize: () => ({ [Symbol.dispose]() {} }),
    },
  };
  let code: number | undefined;
  let thrown: string | undefined;
  try {
    const options = { ...initialValues(command.options), ...settings.options };
    const given = new Set(Object.keys(settings.options ?? {}));
    code = await command.run(context, { options, given, operands: settings.operands ?? [] });
  } catch (error) {
    thrown = messageOf(error);
  }
  stdout.end();
  stderr.end();
  return { code, stdout: await text(stdout), stderr: await text(stderr), thrown, calls };
}

function initialValues(options: OptionTable): Record<string, unknown> {
  return Object.fromEntries(Object.entries(options).map(([name, option]) => [name, option.initial]));
}

function fakeClient(answers: NonNullable<RunSettings['answers']>, calls: Call[]): Client {
  return {
    address: 'unix:///fake.sock',
    async request(request) {
      const call = await record(request);
      calls.push(call);
      const known = answers[`${call.method} ${call.path}`];
      const answer = typeof known === 'function' ? known(call) : known;
      const status = answer === undefined ? 404 : (answer.status ?? 200);
      const message = { message: `No such thing: ${call.path}` };
      const body = answer === undefined ? message : (answer.body ?? '');
      const encoded = typeof body === 'string' ? body : JSON.stringify(body);
      if (status >= 400) throw decodeDaemonError(status, encoded);
      const headers = { 'content-type': answer?.contentType ?? 'application/json' };
      return { status, headers, body: Readable.from([Buffer.from(encoded)]) };
    },
    connect: () => Promise.reject(new Error('no command of these connects')),
    upgrade: () => Promise.reject(new Error('no command of these upgrades')),
    close() {},
  };
}

async function record(request: ClientRequest): Promise<Call> {
  const { method, path, query = {}, headers = {}, body } = request;
  const given = Object.fromEntries(Object.entries(query).filter(([, value]) => value !== undefined));
  return { method, path, query: given, headers, body: await readBody(body) };
}

async function readBody(body: ClientRequest['body']): Promise<unknown> {
  if (body === undefined) return undefined;
  if ('json' in body) return body.json;
  if ('bytes' in body) return Buffer.from(body.bytes).toString();
  return text(Readable.from(body.stream));
}
