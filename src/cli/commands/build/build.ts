import fs from 'node:fs';
import path from 'node:path';
import { defineCommand } from '#cli/command.ts';
import type { BuiltImages } from '#cli/commands/build/build-state.ts';
import {
  cacheQuery,
  exportCache,
  parseCacheFrom,
  parseCacheTo,
  prepareCacheFrom,
} from '#cli/commands/build/cache-options.ts';
import { deliver } from '#cli/commands/build/deliver.ts';
import { followBuild, progressKind } from '#cli/commands/build/follow-build.ts';
import { closeNamedContexts, openNamedContexts } from '#cli/commands/build/named-contexts.ts';
import { openAgents } from '#cli/commands/build/open-agents.ts';
import { openContext } from '#cli/commands/build/open-context.ts';
import { type BuildOutput, checkPlatforms, parseOutput } from '#cli/commands/build/outputs.ts';
import { registryConfigHeader } from '#cli/commands/build/registry-config.ts';
import { readBuildArgs, readSecret, secretsHeader } from '#cli/commands/build/values.ts';
import { describeCheck, writeWarnings } from '#cli/commands/build/warnings.ts';
import { toRecord } from '#cli/commands/container/values/key-values.ts';
import { parseBytes, parseSwapBytes } from '#cli/commands/container/values/sizes.ts';
import { oneOf, parseExtraHost, parseUlimit } from '#cli/commands/container/values/small-values.ts';
import { flag, integer, list, noContentTrust, parsed, parsedList, text, unsupported } from '#cli/options.ts';
import { buildImage } from '#client/builds.ts';
import { DhowError } from '#errors/error.ts';

export const command = defineCommand({
  usage: ['[OPTIONS] PATH | URL | -'],
  operands: { min: 1, max: 1 },
  options: {
    'add-host': parsedList(
      { help: 'Add a custom host-to-IP mapping (format: "host:ip")' },
      'list',
      parseExtraHost,
    ),
    allow: parsedList(
      { help: 'Allow a privileged entitlement (e.g., "security.insecure")' },
      'stringArray',
      oneOf('security.insecure', 'network.host'),
    ),
    annotation: list(
      { help: 'Add annotation to the image (format: "index,manifest:name=value")' },
      'stringArray',
    ),
    attest: unsupported('value'),
    'build-arg': list({ help: 'Set build-time variables' }, 'stringArray'),
    'build-context': list({ help: 'Additional build contexts (e.g., name=path, name=URL)' }, 'stringArray'),
    builder: unsupported('value'),
    'cache-from': parsedList(
      { help: 'Images to consider as cache sources (e.g., "registry/name", "type=local,src=dir")' },
      'stringArray',
      parseCacheFrom,
    ),
    'cache-to': parsedList(
      { help: 'Cache export destinations (e.g., "type=inline", "type=registry,ref=registry/name")' },
      'stringArray',
      parseCacheTo,
    ),
    'cgroup-parent': text({ help: 'Set the parent cgroup for the RUN instructions during build' }),
    check: flag({ help: 'Only look for mistakes in the Dockerfile' }),
    compress: unsupported('nothing'),
    'cpu-period': integer({ help: 'Limit the CPU CFS (Completely Fair Scheduler) period' }),
    'cpu-quota': integer({ help: 'Limit the CPU CFS (Completely Fair Scheduler) quota' }),
    'cpu-shares': integer({ short: 'c', help: 'CPU shares (relative weight)' }),
    'cpuset-cpus': text({ help: 'CPUs in which to allow execution (0-3, 0,1)' }),
    'cpuset-mems': text({ help: 'MEMs in which to allow execution (0-3, 0,1)' }),
    'disable-content-trust': noContentTrust,
    file: text({ short: 'f', help: 'Name of the Dockerfile (default: "PATH/Dockerfile")' }),
    'force-rm': flag({ help: '' }),
    iidfile: text({ help: 'Write the image ID to a file' }),
    isolation: unsupported('value'),
    'keep-failed': flag({ help: 'Make an image of what a command that fails has left' }),
    label: list({ help: 'Set metadata for an image' }, 'stringArray'),
    load: flag({ help: '' }),
    memory: parsed({ short: 'm', help: 'Memory limit' }, 'bytes', parseBytes),
    'memory-swap': parsed(
      { help: 'Swap limit equal to memory plus swap: -1 to enable unlimited swap' },
      'bytes',
      parseSwapBytes,
    ),
    'metadata-file': text({ help: 'Write build result metadata to a file' }),
    network: text({ help: 'Set the networking mode for the RUN instructions during build' }),
    'no-cache': flag({ help: 'Do not use cache when building the image' }),
    'no-cache-filter': list({ help: 'Do not cache specified stages' }, 'stringArray'),
    output: parsedList(
      { short: 'o', help: 'Output destination (format: "type=local,dest=path")' },
      'stringArray',
      parseOutput,
    ),
    platform: text({ help: 'Set target platforms for build (e.g., "linux/amd64,linux/arm64")' }),
    progress: parsed(
      { help: 'Set type of progress output ("auto", "plain", "tty", "rawjson", "quiet")' },
      'string',
      oneOf('auto', 'plain', 'tty', 'rawjson', 'quiet'),
    ),
    provenance: unsupported('value'),
    pull: flag({ help: 'Always attempt to pull all referenced images' }),
    push: flag({ help: 'Push the image to the registries that its names say' }),
    quiet: flag({ short: 'q', help: 'Suppress the build output and print image ID on success' }),
    rm: flag({ help: '' }, true),
    sbom: unsupported('value'),
    secret: list(
      { help: 'Secret to expose to the build (format: "id=mysecret[,src=/local/secret]")' },
      'stringArray',
    ),
    'security-opt': unsupported('value'),
    'shm-size': parsed({ help: 'Shared memory size for build containers' }, 'bytes', parseBytes),
    squash: unsupported('nothing'),
    ssh: list(
      {
        help: 'SSH agent socket or keys to expose to the build (format: "default|<id>[=<socket>|<key>[,<key>]]")',
      },
      'stringArray',
    ),
    tag: list({ short: 't', help: 'Name and optionally a tag (format: "name:tag")' }, 'stringArray'),
    target: text({ help: 'Set the target build stage to build' }),
    ulimit: parsedList({ help: 'Ulimit options' }, 'ulimit', parseUlimit),
  },
  async run(context, { options, operands }) {
    const { environment, workingDirectory, signal, stderr, stdout } = context;
    const [operand = '.'] = operands;
    const outputs: BuildOutput[] = [
      ...options.output,
      ...(options.push ? [{ type: 'image' as const, names: [], push: true }] : []),
      ...(options.load ? [{ type: 'image' as const, names: [], push: false }] : []),
    ];
    const cacheTo = options['cache-to'];
    const tags = [
      ...options.tag,
      ...outputs.flatMap((output) => (output.type === 'image' ? output.names : [])),
      ...cacheTo.flatMap((cache) =>
        cache.type === 'registry' && cache.mode === 'min' ? [cache.reference] : [],
      ),
    ];
    if (tags.length === 0 && outputs.some((output) => output.type === 'image' && output.push)) {
      throw new DhowError('InvalidParameter', 'an image that is pushed needs a name: --tag registry/name');
    }
    checkPlatforms(outputs, options.platform);
    if (stdout.isTTY === true && outputs.some((output) => 'dest' in output && output.dest === '-')) {
      throw new DhowError(
        'InvalidParameter',
        'an archive would be written to the terminal: name a file, or redirect the output',
      );
    }
    await using undo = new AsyncDisposableStack();
    const named = await openNamedContexts(context, options['build-context'], options.platform);
    let made: BuiltImages['images'] = [];
    undo.defer(() => closeNamedContexts(context, named, made));
    const opened = await openContext(operand, options.file, context, named.roots);
    const secrets = options.secret.map((one) => readSecret(one, { environment, workingDirectory }));
    const agents = undo.use(await openAgents(options.ssh, { environment, workingDirectory }));
    const cacheFrom = await prepareCacheFrom(context, options['cache-from']);
    const messages = await buildImage(
      context.client,
      {
        query: {
          remote: opened.remote,
          dockerfile: opened.dockerfile,
          t: tags,
          target: options.target,
          buildargs: json(readBuildArgs(options['build-arg'], environment)),
          labels: json(toRecord(options.label)),
          nocache: options['no-cache'] || undefined,
          pull: options.pull || undefined,
          platform: options.platform,
          networkmode: options.network,
          extrahosts: options['add-host'],
          memory: options.memory,
          memswap: options['memory-swap'],
          cpushares: options['cpu-shares'],
          cpuperiod: options['cpu-period'],
          cpuquota: options['cpu-quota'],
          cpusetcpus: options['cpuset-cpus'],
          cpusetmems: options['cpuset-mems'],
          shmsize: options['shm-size'],
          cgroupparent: options['cgroup-parent'],
          ulimits: options.ulimit.length === 0 ? undefined : JSON.stringify(options.ulimit),
          cachefrom: cacheFrom.length === 0 ? undefined : JSON.stringify(cacheFrom),
          ...cacheQuery(cacheTo),
          'dhow-annotations': json(toRecord(options.annotation)),
          'dhow-contexts': json(named.parameter),
          'dhow-keep-failed': options['keep-failed'] || undefined,
          'dhow-events': true,
          'dhow-check': options.check || undefined,
          'dhow-no-cache-filter': options['no-cache-filter'],
          'dhow-allow': options.allow,
          'dhow-ssh': json(agents.sockets),
        },
        context: opened.archive,
        headers: {
          ...secretsHeader(secrets),
          ...(await registryConfigHeader(context.configDirectory, signal)),
        },
      },
      signal,
    );
    const kind = options.quiet
      ? 'quiet'
      : progressKind(options.progress ?? environment['BUILDKIT_PROGRESS'], stderr.isTTY === true);
    const { view, imageId, failure } = await followBuild(messages, kind, stderr);
    made = view.image?.images ?? [];
    if (kind !== 'quiet' && kind !== 'rawjson') {
      for (const note of view.notes) stderr.write(`${note}\n`);
      writeWarnings(view.warnings, stderr);
    }
    if (failure !== undefined) {
      stderr.write(`\nERROR: ${failure.message}\n`);
      if (view.steps.some((step) => step?.exitCode !== undefined) && !options['keep-failed']) {
        stderr.write('\nTo look at what the command left, build with --keep-failed.\n');
      }
      return failure.exitCode;
    }
    if (options.check) {
      if (kind !== 'quiet') stderr.write(describeCheck(view.warnings));
      return view.warnings.length === 0 ? 0 : 1;
    }
    if (imageId === undefined) return 0;
    // Another daemon than Dhow's tells its id alone.
    const built: BuiltImages = view.image ?? { id: imageId, tags, images: [{ id: imageId, platform: '' }] };
    await exportCache(context, cacheTo, { images: built.images, cacheId: view.cacheId });
    const digest = await deliver(context, outputs, built);
    const write = (file: string, content: string): void =>
      fs.writeFileSync(path.resolve(workingDirectory, file), content);
    if (options.iidfile !== undefined) write(options.iidfile, imageId);
    if (options['metadata-file'] !== undefined) write(options['metadata-file'], describeBuilt(built, digest));
    if (kind === 'quiet') stdout.write(`${imageId}\n`);
    else if (view.image !== undefined && kind !== 'rawjson') {
      stderr.write(`built ${imageId}${view.image.tags.map((tag) => `\nnamed ${tag}`).join('')}\n`);
    }
    return 0;
  },
});

/** What `--metadata-file` gets. @param digest in a registry, when the image was pushed */
function describeBuilt({ id, tags, images }: BuiltImages, digest: string | undefined): string {
  const metadata = {
    // Several images have no configuration in common.
    ...(images.length === 1 ? { 'containerimage.config.digest': id } : {}),
    ...(digest === undefined && images.length > 1 ? {} : { 'containerimage.digest': digest ?? id }),
    ...(tags.length === 0 ? {} : { 'image.name': tags.join(',') }),
  };
  return `${JSON.stringify(metadata, null, 2)}\n`;
}

function json(value: Readonly<Record<string, string>>): string | undefined {
  return Object.keys(value).length === 0 ? undefined : JSON.stringify(value);
}
