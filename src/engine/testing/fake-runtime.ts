import { DhowError } from '#errors/error.ts';
import type {
  CreateRequest,
  ExecRequest,
  Exit,
  ProbeResult,
  Runtime,
  StdioConnection,
} from '#runtime/runtime.ts';

/** A runtime in memory: processes start at once and end when a test or a signal says so. */
export interface FakeRuntime extends Runtime {
  /** What was asked, in order: `create <id>`, `start <id>`, `kill <id> 15`, … */
  readonly calls: string[];
  /** Ends a running process. */
  exit(id: string, code: number): void;
  /** The kernel kills a process of the container, but not its first. */
  oom(id: string): void;
  /** The process is gone and nobody knows its code, as after a power cut. */
  lose(id: string): void;
  /** What the next probes find; healthy when there is none. */
  readonly probes: ProbeResult[];
  /** Exits are told to nobody until the next `watchExits`. */
  deafen(): void;
  /** Output for every connection to the process. */
  print(id: string, text: string): void;
  /** Makes the next call of this verb fail. */
  failNext(verb: 'create' | 'start' | 'exec' | 'delete', error: Error): void;
  /** The next deletion does its work and never returns, as when the daemon is killed in it; resolves when it has come. */
  stallDelete(): Promise<void>;
  /** Signals that do not end a process; by default each does. */
  ignoreSignals(id: string, signals: readonly number[]): void;
}

interface FakeProcess {
  pid: number;
  state: 'created' | 'running' | 'paused';
  connections: Set<FakeConnection>;
  oomKilled: boolean;
  ignored: readonly number[];
}

type Packet = { stream: 'stdout' | 'stderr'; bytes: Uint8Array };

interface FakeConnection {
  push(packet: Packet): void;
  end(): void;
}

export function createFakeRuntime(now: () => Date = () => new Date()): FakeRuntime {
  const processes = new Map<string, FakeProcess>();
  const exits = new Map<string, Exit>();
  const failures = new Map<string, Error>();
  const calls: string[] = [];
  const probes: ProbeResult[] = [];
  let listener: ((exit: Exit) => void) | undefined;
  let oomListener: ((containerId: string) => void) | undefined;
  let stalled: (() => void) | undefined;
  let lastPid = 1000;

  function failIfTold(verb: string): void {
    const failure = failures.get(verb);
    failures.delete(verb);
    if (failure) throw failure;
  }

  function get(id: string): FakeProcess {
    const process = processes.get(id);
    if (!process)
      throw new DhowError('Conflict', `container ${id} is not running`, { reason: 'not-running' });
    return process;
  }

  function add(id: string, state: FakeProcess['state']): FakeProcess {
    const process: FakeProcess = {
      pid: ++lastPid,
      state,
      connections: new Set(),
      oomKilled: false,
      ignored: [],
    };
    processes.set(id, process);
    return process;
  }

  function end(id: string, code: number): void {
    const process = get(id);
    processes.delete(id);
    for (const connection of process.connections) connection.end();
    const exit = { id, code, finishedAt: now(), oomKilled: process.oomKilled };
    exits.set(id, exit);
    listener?.(exit);
  }

  function connect(id: string): StdioConnection {
    const { connections } = get(id);
    const queue: Packet[] = [];
    let ended = false;
    let wake = Promise.withResolvers<void>();
    const connection: FakeConnection = {
      push(packet) {
        queue.push(packet);
        wake.resolve();
      },
      end() {
        ended = true;
        wake.resolve();
      },
    };
    connections.add(connection);
    async function* output(): AsyncGenerator<Packet> {
      while (true) {
        for (let packet = queue.shift(); packet; packet = queue.shift()) yield packet;
        if (ended) return;
        await wake.promise;
        wake = Promise.withResolvers();
      }
    }
    return {
      output: output(),
      // Like cat: what is written comes back.
      write: async (bytes) => connection.push({ stream: 'stdout', bytes }),
      closeInput: () => calls.push(`close-input ${id}`),
      close: () => connection.end(),
      [Symbol.asyncDispose]: async () => connection.end(),
    };
  }

  return {
    calls,
    probes,
    exit: end,
    oom(id) {
      get(id).oomKilled = true;
      oomListener?.(id);
    },
    lose: (id) => void processes.delete(id),
    deafen() {
      listener = undefined;
      oomListener = undefined;
    },
    print(id, text) {
      const packet: Packet = { stream: 'stdout', bytes: Buffer.from(text) };
      for (const connection of get(id).connections) connection.push(packet);
    },
    failNext: (verb, error) => failures.set(verb, error),
    stallDelete() {
      const { promise, resolve } = Promise.withResolvers<void>();
      stalled = resolve;
      return promise;
    },
    ignoreSignals(id, signals) {
      get(id).ignored = signals;
    },
    anticipate() {},
    requireKnown() {},
    describe: () => ({ name: 'fake', path: '/fake', version: '1', commit: '' }),
    async create(request: CreateRequest) {
      calls.push(`create ${request.id}`);
      failIfTold('create');
      return { pid: add(request.id, 'created').pid };
    },
    async start(id) {
      calls.push(`start ${id}`);
      failIfTold('start');
      get(id).state = 'running';
    },
    async kill(id, signal) {
      calls.push(`kill ${id} ${signal}`);
      if (!get(id).ignored.includes(signal)) end(id, 128 + signal);
    },
    async pause(id) {
      calls.push(`pause ${id}`);
      failIfTold('pause');
      get(id).state = 'paused';
    },
    async resume(id) {
      calls.push(`resume ${id}`);
      get(id).state = 'running';
    },
    update: async (id) => void calls.push(`update ${id}`),
    async delete(id) {
      calls.push(`delete ${id}`);
      processes.delete(id);
      exits.delete(id);
      failIfTold('delete');
      if (!stalled) return;
      stalled();
      stalled = undefined;
      await new Promise(() => {});
    },
    async exec(request: ExecRequest) {
      calls.push(`exec ${request.execId}`);
      failIfTold('exec');
      const { pid } = add(request.execId, 'running');
      return { pid, stdio: request.attached ? connect(request.execId) : undefined };
    },
    async probe({ containerId }) {
      calls.push(`probe ${containerId}`);
      return probes.shift() ?? { code: 0, output: Buffer.alloc(0) };
    },
    attach: async (id) => connect(id),
    rotateLog: (id) => void calls.push(`rotate-log ${id}`),
    resize: async (id, size) => void calls.push(`resize ${id} ${size.rows}x${size.columns}`),
    async inspect(id) {
      const process = processes.get(id);
      const exit = exits.get(id);
      if (process) return { state: process.state, pid: process.pid, monitorPid: 1 };
      return exit ? { state: 'exited', exit } : { state: 'absent' };
    },
    async watchExits(onExit) {
      listener = onExit;
      for (const exit of exits.values()) onExit(exit);
    },
    watchOoms(onOom) {
      oomListener = onOom;
    },
    acknowledgeExit: (id) => void exits.delete(id),
    close: async () => {},
  };
}
