import { defineCommand } from '#cli/command.ts';
import { createOptions } from '#cli/commands/container/create-options.ts';
import { forEachAtOnce } from '#cli/commands/container/each.ts';
import { parsePublished } from '#cli/commands/container/values/ports.ts';
import { parseRestartPolicy } from '#cli/commands/container/values/small-values.ts';
import { list, text, unsupported } from '#cli/options.ts';
import { updateContainer } from '#client/containers.ts';
import { DhowError } from '#errors/error.ts';
import type { ContainerUpdateRequest } from '#wire/containers.ts';
import type { PortMap } from '#wire/host-config.ts';

const options = {
  'blkio-weight': createOptions['blkio-weight'],
  'cpu-period': createOptions['cpu-period'],
  'cpu-quota': createOptions['cpu-quota'],
  'cpu-rt-period': createOptions['cpu-rt-period'],
  'cpu-rt-runtime': createOptions['cpu-rt-runtime'],
  'cpu-shares': createOptions['cpu-shares'],
  cpus: createOptions.cpus,
  'cpuset-cpus': createOptions['cpuset-cpus'],
  'cpuset-mems': createOptions['cpuset-mems'],
  'kernel-memory': unsupported('value'),
  memory: createOptions.memory,
  'memory-reservation': createOptions['memory-reservation'],
  'memory-swap': createOptions['memory-swap'],
  'pids-limit': createOptions['pids-limit'],
  'publish-add': list({ help: "Publish a container's port(s) to the host while it runs" }),
  'publish-rm': list({ help: 'Unpublish a port while the container runs ([host port:]container port)' }),
  restart: text({ help: createOptions.restart.help }),
};

export const command = defineCommand({
  usage: ['[OPTIONS] CONTAINER [CONTAINER...]'],
  operands: { min: 1 },
  options,
  async run(context, { options: values, given, operands }) {
    if (given.size === 0) {
      throw new DhowError('InvalidParameter', 'you must provide one or more flags when using this command');
    }
    const fields: Record<string, unknown> = {
      BlkioWeight: values['blkio-weight'],
      CpuPeriod: values['cpu-period'],
      CpuQuota: values['cpu-quota'],
      CpuRealtimePeriod: values['cpu-rt-period'],
      CpuRealtimeRuntime: values['cpu-rt-runtime'],
      CpuShares: values['cpu-shares'],
      NanoCpus: values.cpus,
      CpusetCpus: values['cpuset-cpus'],
      CpusetMems: values['cpuset-mems'],
      Memory: values.memory,
      MemoryReservation: values['memory-reservation'],
      MemorySwap: values['memory-swap'],
      PidsLimit: values['pids-limit'],
      RestartPolicy: values.restart === undefined ? undefined : parseRestartPolicy(values.restart),
      PublishAdd: bindingsOf(values['publish-add']),
      PublishRemove: bindingsOf(values['publish-rm']),
    };
    const request = Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
    const warnings: string[] = [];
    const code = await forEachAtOnce(context, operands, async (name) => {
      const response = await updateContainer(
        context.client,
        name,
        request as ContainerUpdateRequest,
        context.signal,
      );
      warnings.push(...(response.Warnings ?? []));
      if ((request['PublishAdd'] ?? request['PublishRemove']) !== undefined && response.Ports === undefined) {
        // Another daemon passes over fields that it does not know.
        throw new DhowError('Unsupported', 'the daemon cannot change the published ports of a container');
      }
    });
    for (const warning of warnings) context.stderr.write(`WARNING: ${warning}\n`);
    return code;
  },
});

function bindingsOf(specs: readonly string[]): PortMap | undefined {
  return specs.length === 0 ? undefined : parsePublished(specs).bindings;
}
