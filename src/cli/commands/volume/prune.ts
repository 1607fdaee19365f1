import { defineCommand } from '#cli/command.ts';
import type { CliContext } from '#cli/context.ts';
import { type Filter, filterOption, groupFilters } from '#cli/filters.ts';
import { flag } from '#cli/options.ts';
import { confirm } from '#cli/output/confirm.ts';
import { humanSize } from '#cli/output/size.ts';
import { systemVersion } from '#client/system.ts';
import { pruneVolumes } from '#client/volumes.ts';
import { DhowError } from '#errors/error.ts';

const anonymousWarning =
  'WARNING! This will remove anonymous local volumes not used by at least one container.\nAre you sure you want to continue?';
const allWarning =
  'WARNING! This will remove all local volumes not used by at least one container.\nAre you sure you want to continue?';

export const command = defineCommand({
  usage: ['[OPTIONS]'],
  operands: { max: 0 },
  options: {
    all: flag({ short: 'a', help: 'Remove all unused volumes, not just anonymous ones' }),
    filter: filterOption('Provide filter values (e.g. "label=<label>")'),
    force: flag({ short: 'f', help: 'Do not prompt for confirmation' }),
  },
  async run(context, { options }) {
    if (options.all && options.filter.some(([name]) => name === 'all')) {
      throw new DhowError(
        'InvalidParameter',
        'conflicting options: cannot specify both --all and --filter all=1',
      );
    }
    const filters: Filter[] = [...options.filter, ...(options.all ? [['all', 'true'] as const] : [])];
    if (!options.force) {
      const removesAll = options.all || (await removesNamedVolumes(context));
      if (!(await confirm(context, removesAll ? allWarning : anonymousWarning))) return 0;
    }
    const report = await pruneVolumes(context.client, groupFilters(filters), context.signal);
    const deleted = report.VolumesDeleted ?? [];
    if (deleted.length > 0)
      context.stdout.write(`Deleted Volumes:\n${deleted.map((name) => `${name}\n`).join('')}\n`);
    context.stdout.write(`Total reclaimed space: ${humanSize(report.SpaceReclaimed)}\n`);
    return 0;
  },
});

/** Before API 1.42, Docker's prune removed all unused volumes without being asked to. The warning must say so. */
async function removesNamedVolumes(context: CliContext): Promise<boolean> {
  const { ApiVersion } = await systemVersion(context.client, context.signal);
  const [major = 0, minor = 0] = ApiVersion.split('.').map(Number);
  return major === 1 && minor < 42;
}
