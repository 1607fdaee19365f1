import { type Command, defineCommand } from '#cli/command.ts';
import { bakeFile } from '#cli/commands/compose/bake-file.ts';
import { buildServices } from '#cli/commands/compose/build-services.ts';
import type { Manner } from '#cli/commands/compose/manner.ts';
import { openProject, type ProjectChoice } from '#cli/commands/compose/open-project.ts';
import { pushServices } from '#cli/commands/compose/push.ts';
import { parseBytes } from '#cli/commands/container/values/sizes.ts';
import { flag, list, parsed, text } from '#cli/options.ts';
import { findService, orderServices } from '#compose/dependencies.ts';
import { DhowError } from '#errors/error.ts';

/** `dhow compose build`: the images of all services that have something to build. */
export function createVerb(choice: ProjectChoice, manner: Manner): Command {
  return defineCommand({
    usage: ['[OPTIONS] [SERVICE...]'],
    operands: {},
    options: {
      'build-arg': list({ help: 'Set build-time variables for services' }, 'stringArray'),
      builder: text({ help: 'Set builder to use: there is one, "default"' }),
      check: flag({ help: 'Check build configuration' }),
      memory: parsed({ short: 'm', help: 'Set memory limit for the build container' }, 'bytes', parseBytes),
      'no-cache': flag({ help: 'Do not use cache when building the image' }),
      print: flag({ help: 'Print equivalent bake file' }),
      provenance: parsed(
        { help: 'Add a provenance attestation (only "false")' },
        'string',
        refuseAttestation,
      ),
      pull: flag({ help: 'Always attempt to pull a newer version of the image' }),
      push: flag({ help: 'Push service images' }),
      quiet: flag({ short: 'q', help: 'Suppress the build output' }),
      sbom: parsed({ help: 'Add a SBOM attestation (only "false")' }, 'string', refuseAttestation),
      ssh: text({
        help: "Set SSH authentications used when building service images. (use 'default' for using your default SSH Agent)",
      }),
      'with-dependencies': flag({ help: 'Also build dependencies (transitively)' }),
    },
    async run(context, { options, operands }) {
      const project = openProject(context, choice, operands);
      const named = operands.length > 0 ? operands : Object.keys(project.services);
      const ordered = orderServices(project.services, named);
      const services = ordered.filter(
        (name) =>
          (options['with-dependencies'] || named.includes(name)) &&
          findService(project.services, name).build !== undefined,
      );
      const args = new Map(
        options['build-arg'].map((given): [string, string | null] => {
          const [key = '', value] = given.split(/=(.*)/s);
          return [key, value ?? null];
        }),
      );
      checkBuilder(options.builder ?? context.environment['BUILDX_BUILDER']);
      const { pull, push, quiet, check, memory: memoryBytes } = options;
      const ssh = options.ssh === undefined ? [] : [readSsh(options.ssh)];
      const settings = {
        noCache: options['no-cache'],
        pull,
        quiet,
        args,
        check,
        memoryBytes,
        ssh,
        allPlatforms: true,
      };
      if (options.print) {
        context.stdout.write(bakeFile(project, services, { ...settings, push }));
        return 0;
      }
      const warnings = await buildServices(context, manner, project, services, settings);
      if (check) return warnings === 0 ? 0 : 1;
      if (push) await pushServices(context, manner, project, services, { ignoreFailures: false, quiet });
      return 0;
    },
  });
}

/** @throws Unsupported for an attestation that somebody wants */
function refuseAttestation(text: string): string {
  if (text === 'false') return text;
  throw new DhowError('Unsupported', 'is only supported as "false": attestations are not made');
}

/** The daemon builds by itself. */
function checkBuilder(name: string | undefined): void {
  if (!name || name === 'default' || name === 'dhow') return;
  throw new DhowError('NotFound', `no builder "${name}" found: the daemon builds, which is called "default"`);
}

function readSsh(written: string): string {
  if (written === '' || written === 'default') return 'default';
  if (written.includes('=')) return written;
  throw new DhowError('InvalidParameter', `invalid ssh key "${written}": write default, or ID=PATH`);
}
