import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { silentLog } from '#log/log.ts';
import { buildSpec } from '#runtime/build-spec.ts';
import { createRuntime } from '#runtime/conmon-runtime.ts';
import { findConmon, findOciRuntime } from '#runtime/detect.ts';
import type { OciSpec } from '#runtime/oci.ts';
import type { CreateRequest, ExecRequest, Exit, Runtime, StdioConnection } from '#runtime/runtime.ts';
import type { SpecInput } from '#runtime/spec.ts';
import { readSpecContext, type SpecContext } from '#runtime/spec-context.ts';
import { makeBusyboxRoot } from '#runtime/testing/busybox-root.ts';
import { plainSpecInput } from '#runtime/testing/spec-input.ts';
import { findCgroupDirectories, readCgroupHierarchies, removeCgroup } from '#sys/cgroup.ts';
import { claimControllers, leftoverControllers, leftoversAreUnused } from '#sys/cgroup-claim.ts';

/** A real runtime in a directory of its own, for tests as root. Disposing it checks that nothing is left behind. */
export interface RuntimeFixture extends AsyncDisposable {
  readonly runtime: Runtime;
  readonly directory: string;
  readonly runDirectory: string;
  readonly root: string;
  readonly context: SpecContext;
  readonly monitorGroup: string;
  newId(): string;
  spec(id: string, args: string[], change?: (input: SpecInput) => void): OciSpec;
  request(id: string, args: string[], options?: RequestOptions): CreateRequest;
  exitOf(id: string): Promise<Exit>;
  /** Creates, attaches and starts. */
  begin(
    args: string[],
    options?: RequestOptions,
  ): Promise<{ id: string; pid: number; stdio: StdioConnection }>;
  /** Begins, collects the output, waits for the exit and deletes. */
  run(args: string[], options?: RequestOptions): Promise<Output & { exit: Exit }>;
  execRequest(
    containerId: string,
    execId: string,
    args: string[],
    options?: Partial<ExecRequest>,
  ): ExecRequest;
  exec(containerId: string, args: string[], options?: Partial<ExecRequest>): Promise<Output & { exit: Exit }>;
  /** Another daemon in the same run directory, as after the first one was killed. @param runtimeName another OCI runtime */
  reopen(runtimeName?: string): Promise<void>;
}

export interface RequestOptions {
  change?: (input: SpecInput) => void;
  stdin?: CreateRequest['stdin'];
  terminal?: boolean;
  logDriver?: CreateRequest['logDriver'];
}

export interface Output {
  stdout: Buffer;
  stderr: Buffer;
}

/** @param depth a directory's name below the fixture's own */
export async function createRuntimeFixture(runtimeName: string, depth = 'run'): Promise<RuntimeFixture> {
  const claim = await claimLeftoverControllers();
  const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'dhow-rt-'));
  const root = path.join(directory, 'root');
  const cgroupParent = `/dhow-rt-test-${path.basename(directory).slice('dhow-rt-'.length)}`;
  const monitorGroup = `${cgroupParent}-conmon`;
  const runDirectory = path.join(directory, depth);
  makeBusyboxRoot(root);
  const context = readSpecContext();
  let ociRuntime = await findOciRuntime(runtimeName);
  const conmonPath = (await findConmon()).path;
  let exits = new Map<string, PromiseWithResolvers<Exit>>();

  function slot(id: string): PromiseWithResolvers<Exit> {
    const known = exits.get(id) ?? Promise.withResolvers<Exit>();
    exits.set(id, known);
    return known;
  }

  async function open(): Promise<Runtime> {
    exits = new Map();
    const opened = createRuntime({ runDirectory, ociRuntime, conmonPath, monitorGroup, log: silentLog });
    await opened.watchExits((exit) => slot(exit.id).resolve(exit));
    return opened;
  }

  let runtime = await open();
  const fixture: RuntimeFixture = {
    get runtime() {
      return runtime;
    },
    directory,
    runDirectory,
    root,
    context,
    monitorGroup,
    newId: () => randomBytes(32).toString('hex'),
    spec(id, args, change = () => {}) {
      const input = plainSpecInput({ id, rootDirectory: root, cgroupParent });
      input.process.args = args;
      change(input);
      return buildSpec(input, context);
    },
    request(id, args, { change, stdin = 'closed', terminal = false, logDriver = 'file' } = {}) {
      const spec = fixture.spec(id, args, (input) => {
        input.process.terminal = terminal;
        change?.(input);
      });
      return { id, spec, logPath: path.join(directory, `${id}.log`), logDriver, stdin, terminal };
    },
    exitOf: (id) => slot(id).promise,
    async begin(args, options) {
      const id = fixture.newId();
      const { pid } = await runtime.create(fixture.request(id, args, options), AbortSignal.any([]));
      const stdio = await runtime.attach(id);
      await runtime.start(id);
      return { id, pid, stdio };
    },
    async run(args, options) {
      const { id, stdio } = await fixture.begin(args, options);
      const output = await collect(stdio);
      const exit = await fixture.exitOf(id);
      await runtime.delete(id);
      return { ...output, exit };
    },
    execRequest(containerId, execId, args, options = {}) {
      const plain = { env: [], user: '', additionalGroups: [], terminal: false, stdin: false };
      return { containerId, execId, args, ...plain, privileged: false, attached: true, ...options };
    },
    async exec(containerId, args, options) {
      const execId = fixture.newId();
      const request = fixture.execRequest(containerId, execId, args, options);
      const handle = await runtime.exec(request, AbortSignal.any([]));
      const output = handle.stdio
        ? await collect(handle.stdio)
        : { stdout: Buffer.of(), stderr: Buffer.of() };
      const exit = await fixture.exitOf(execId);
      runtime.acknowledgeExit(execId);
      return { ...output, exit };
    },
    async reopen(runtimeName) {
      await runtime.close();
      if (runtimeName !== undefined) ociRuntime = await findOciRuntime(runtimeName);
      runtime = await open();
    },
    async [Symbol.asyncDispose]() {
      const cgroups = readCgroupHierarchies();
      const left = {
        containers: fs.readdirSync(path.join(runDirectory, 'c')),
        execs: fs.readdirSync(path.join(runDirectory, 'e')),
        states: ['crun', 'runc'].flatMap((name) => readIfThere(path.join(runDirectory, name))),
        cgroups: findCgroupDirectories(cgroups, cgroupParent).flatMap((group) =>
          fs.readdirSync(group, { withFileTypes: true }).filter((entry) => entry.isDirectory()),
        ),
        monitors: monitorsOf(runDirectory),
        mounts: fs.readFileSync('/proc/self/mountinfo', 'utf8').split(directory).slice(1),
      };
      for (const id of left.containers) await runtime.delete(id);
      await runtime.close();
      removeCgroup(cgroups, cgroupParent);
      claim[Symbol.dispose]();
      fs.rmSync(directory, { recursive: true, force: true });
      assert.deepEqual(left, {
        containers: [],
        execs: [],
        states: [],
        cgroups: [],
        monitors: [],
        mounts: [],
      });
    },
  };
  return fixture;
}

/** What the daemon does so that crun works on a hybrid host. */
export function claimLeftoverControllers(): Promise<Disposable> {
  const hierarchies = readCgroupHierarchies();
  return claimControllers(leftoversAreUnused(hierarchies) ? leftoverControllers(hierarchies) : []);
}

function readIfThere(directory: string): string[] {
  return fs.existsSync(directory) ? fs.readdirSync(directory) : [];
}

export async function collect(stdio: StdioConnection): Promise<Output> {
  const chunks = { stdout: [] as Uint8Array[], stderr: [] as Uint8Array[] };
  for await (const { stream, bytes } of stdio.output) chunks[stream].push(bytes);
  return { stdout: Buffer.concat(chunks.stdout), stderr: Buffer.concat(chunks.stderr) };
}

/** Command lines of the conmons of a run directory. */
export function monitorsOf(runDirectory: string): string[] {
  return fs.readdirSync('/proc').flatMap((pid) => {
    if (!/^\d+$/.test(pid)) return [];
    try {
      const line = fs.readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ');
      return line.includes('conmon') && line.includes(runDirectory) ? [line] : [];
    } catch {
      return [];
    }
  });
}
