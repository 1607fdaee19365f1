import { defineCommand } from '#cli/command.ts';
import { createOptions } from '#cli/commands/container/create-options.ts';
import { forEachAtOnce } from '#cli/commands/container/each.ts';
import { unsupported } from '#cli/options.ts';
import { updateContainer } from '#client/containers.ts';
import { DhowError } from '#errors/error.ts';
import type { ContainerUpdateRequest } from '#wire/containers.ts';

const options = {
  'blkio-weight': createOptions['blkio-weight'],
  'cpu-period': createOptions['cpu-period'],
  'cpu-quota': createOptions['cpu-quota'],
  'cpu-rt-period': unsupported('value'),
  'cpu-rt-runtime': unsupported('value'),
  'cpu-shares': createOptions['cpu-shares'],
  cpus: createOptions.cpus,
  'cpuset-cpus': createOptions['cpuset-cpus'],
  'cpuset-mems': createOptions['cpuset-mems'],
  'kernel-memory': unsupported('value'),
  memory: createOptions.memory,
  'memory-reservation': createOptions['memory-reservation'],
  'memory-swap': createOptions['memory-swap'],
  'pids-limit': createOptions['pids-limit'],
  restart: createOptions.restart,
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
      CpuShares: values['cpu-shares'],
      NanoCpus: values.cpus,
      CpusetCpus: values['cpuset-cpus'],
      CpusetMems: values['cpuset-mems'],
      Memory: values.memory,
      MemoryReservation: values['memory-reservation'],
      MemorySwap: values['memory-swap'],
      PidsLimit: values['pids-limit'],
      RestartPolicy: values.restart,
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
    });
    for (const warning of warnings) context.stderr.write(`WARNING: ${warning}\n`);
    return code;
  },
});
