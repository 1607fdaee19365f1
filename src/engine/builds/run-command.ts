import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import type { BuildCommand, CommandRunner } from '#build/executor.ts';
import { type CommandSurroundings, commandSpec } from '#engine/builds/command-spec.ts';
import type { ExitSplit } from '#engine/builds/exit-split.ts';
import type { ContainerParts } from '#engine/containers/parts.ts';
import {
  chownToRoot,
  createOwnNamespace,
  hostNetworkRefusal,
  privilegedRefusal,
  requireSameIds,
} from '#engine/containers/user-namespace.ts';
import type { ContainerService, ContainerView } from '#engine/containers.ts';
import { DhowError } from '#errors/error.ts';
import { quietly } from '#errors/quietly.ts';
import { renderHostname, renderHosts } from '#network/host-files.ts';
import { renderResolvConf } from '#network/resolv-conf.ts';
import { buildSpec } from '#runtime/build-spec.ts';
import type { Runtime } from '#runtime/runtime.ts';

export interface CommandRunnerParts
  extends Pick<ContainerParts, 'networks' | 'specContext' | 'hostFiles' | 'cgroupParent' | 'idMapping'> {
  containers: Pick<ContainerService, 'get'>;
  runtime: Runtime;
  exits: ExitSplit;
  /** For what belongs to one command; in memory. A directory per command, which outlives a crash as a note of what to clean up. */
  directory: string;
}

export interface BuildCommandRunner extends CommandRunner {
  /** Ends and removes commands of a daemon that died. */
  restore(): Promise<void>;
}

const hostFileTargets = { hosts: '/etc/hosts', hostname: '/etc/hostname', resolv: '/etc/resolv.conf' };

/** Docker's builders name the machine so in every RUN. */
const buildHostname = 'buildkitsandbox';

export function createCommandRunner(parts: CommandRunnerParts): BuildCommandRunner {
  const { runtime, networks, exits, directory, idMapping } = parts;
  fs.mkdirSync(directory, { recursive: true, mode: 0o711 });

  async function run(command: BuildCommand, signal: AbortSignal) {
    signal.throwIfAborted();
    refuseWithUserNamespace(command);
    runtime.anticipate();
    const { id } = command;
    const own = path.join(directory, id);
    await using undo = new AsyncDisposableStack();
    undo.defer(
      quietly('remove files of a build command', () => fs.rmSync(own, { recursive: true, force: true })),
    );
    fs.mkdirSync(own, { mode: 0o711 });
    const exit = exits.expect(id);
    undo.defer(() => exits.forget(id));
    const deleteProcess = quietly('delete a build process', () => runtime.delete(id));
    undo.defer(quietly('detach a build command', () => networks.detach(id)));
    using namespaceFiles = new DisposableStack();
    const { network, userNamespace } = await connect(command, undo, namespaceFiles);
    const hostFiles = writeHostFiles(command, own);
    undo.defer(deleteProcess);
    await runtime.create(
      {
        id,
        spec: buildSpec(
          commandSpec(command, {
            hostname: command.network === 'host' ? os.hostname() : buildHostname,
            network,
            ...(userNamespace ? { userNamespace } : {}),
            hostFiles,
            cgroupParent: parts.cgroupParent,
          }),
          parts.specContext,
        ),
        logPath: path.join(own, 'log'),
        logDriver: 'none',
        stdin: 'closed',
        terminal: false,
      },
      signal,
    );
    await using stdio = await runtime.attach(id);
    const output = (async () => {
      for await (const { stream, bytes } of stdio.output) command.onOutput(stream, bytes);
    })();
    const aborted = Promise.withResolvers<never>();
    aborted.promise.catch(() => {});
    const abort = (): void => aborted.reject(signal.reason);
    signal.addEventListener('abort', abort, { once: true });
    undo.defer(() => signal.removeEventListener('abort', abort));
    if (signal.aborted) abort();
    await runtime.start(id);
    const { code: exitCode, oomKilled } = await Promise.race([exit, aborted.promise]);
    await Promise.race([output, aborted.promise]);
    return { exitCode, oomKilled };
  }

  async function connect(
    { id, network }: BuildCommand,
    undo: AsyncDisposableStack,
    namespaceFiles: DisposableStack,
  ): Promise<Pick<CommandSurroundings, 'network' | 'userNamespace'>> {
    if (network === 'host') return { network: { mode: 'host' } };
    const shared = sharedWith(network);
    if (shared !== undefined) {
      const pid = requirePid(shared);
      requireSameIds(shared.name, pid, idMapping);
      return {
        network: { mode: 'path', path: `/proc/${pid}/ns/net` },
        ...(idMapping ? { userNamespace: { path: `/proc/${pid}/ns/user`, mapping: idMapping } } : {}),
      };
    }
    const user = idMapping && createOwnNamespace(idMapping, namespaceFiles);
    const sandbox = await networks.createSandbox(user?.networkFd);
    undo.defer(quietly('close a network namespace', async () => sandbox[Symbol.asyncDispose]()));
    if (network !== 'none') {
      await networks.attach({
        container: { id, name: `build-${id.slice(0, 12)}`, hostname: buildHostname },
        endpoints: [{ network: network === 'default' ? 'bridge' : network }],
        sandbox,
        ports: [],
      });
    }
    return {
      network: { mode: 'path', path: sandbox.path },
      ...(user ? { userNamespace: user.joined } : {}),
    };
  }

  /** The container whose network is meant by `container:name`. */
  function sharedWith(network: string): ContainerView | undefined {
    const name = /^container:(.+)$/.exec(network)?.[1];
    return name === undefined ? undefined : parts.containers.get(name);
  }

  function refuseWithUserNamespace({ insecure, network }: BuildCommand): void {
    if (idMapping === undefined) return;
    if (insecure) throw privilegedRefusal();
    if (network === 'host') throw hostNetworkRefusal();
  }

  function writeHostFiles({ id, network, limits }: BuildCommand, own: string): Map<string, string> {
    const shared = sharedWith(network)?.paths;
    const endpoints = networks.endpointsOf(id);
    const both = (name: 'address' | 'gateway'): string[] =>
      endpoints.flatMap(({ ipv4, ipv6 }) => [ipv4[name], ipv6[name]]).filter(Boolean);
    const onHost = network === 'host';
    const base = shared
      ? fs.readFileSync(shared.hosts, 'utf8')
      : onHost
        ? parts.hostFiles.hosts()
        : undefined;
    const texts = {
      hosts: renderHosts({
        ...(base === undefined ? {} : { base }),
        hostname: onHost ? os.hostname() : buildHostname,
        addresses: both('address'),
        hostGateways: both('gateway'),
        extraHosts: limits.extraHosts,
      }),
      hostname: renderHostname(onHost ? os.hostname() : buildHostname),
      resolv: shared
        ? fs.readFileSync(shared.resolv, 'utf8')
        : onHost
          ? renderResolvConf(parts.hostFiles.resolvConf(), { sharesHost: true })
          : renderResolvConf(parts.hostFiles.reachableResolvConf(), {
              ownResolver: endpoints.some(({ names }) => names.length > 0),
              ipv6: endpoints.some(({ ipv6 }) => ipv6.address !== ''),
            }),
    };
    const files = new Map<string, string>();
    for (const name of ['hosts', 'hostname', 'resolv'] as const) {
      const file = path.join(own, name);
      fs.writeFileSync(file, texts[name], { mode: 0o644 });
      if (idMapping !== undefined) chownToRoot(file, idMapping);
      files.set(hostFileTargets[name], file);
    }
    return files;
  }

  return {
    mountPoints: [
      ...Object.values(hostFileTargets).map((target) => ({ path: target, kind: 'file' as const })),
      ...['/proc', '/dev', '/sys'].map((target) => ({ path: target, kind: 'directory' as const })),
    ],
    run,
    async restore() {
      for (const id of fs.readdirSync(directory)) {
        await quietly('delete a left build process', () => runtime.delete(id))();
        await quietly('detach a left build command', () => networks.detach(id))();
        fs.rmSync(path.join(directory, id), { recursive: true, force: true });
      }
    },
  };
}

function requirePid({ name, state }: ContainerView): number {
  if (state.status === 'running' || state.status === 'paused') return state.pid;
  throw new DhowError('Conflict', `cannot build in the network of the container ${name}: it is not running`);
}
