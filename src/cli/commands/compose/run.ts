import { randomBytes } from 'node:crypto';
import { type Command, defineCommand } from '#cli/command.ts';
import { prepareUp, type UpChoice } from '#cli/commands/compose/bring-up.ts';
import type { Manner } from '#cli/commands/compose/manner.ts';
import { openProject, type ProjectChoice } from '#cli/commands/compose/open-project.ts';
import { prepareImages, pullOption } from '#cli/commands/compose/prepare-images.ts';
import { provideSocket } from '#cli/commands/compose/provide-socket.ts';
import { runSteps } from '#cli/commands/compose/target.ts';
import { runSession } from '#cli/commands/container/session.ts';
import { readVariables, toRecord } from '#cli/commands/container/values/key-values.ts';
import type { CliContext } from '#cli/context.ts';
import { flag, list, type OptionValues, text } from '#cli/options.ts';
import { chooseDetachKeys } from '#cli/terminal/detach-keys.ts';
import { removeContainer, startContainer } from '#client/containers.ts';
import { nameIn, newContainer } from '#compose/container-request.ts';
import { dependenciesOf, findService } from '#compose/dependencies.ts';
import { type Observed, observeProject } from '#compose/observe.ts';
import { oneOffProject } from '#compose/one-off.ts';
import type { Step } from '#compose/plan.ts';
import { planResources } from '#compose/plan-resources.ts';
import type { Project } from '#compose/project.ts';
import { DhowError } from '#errors/error.ts';

const options = {
  build: flag({ help: 'Build image before starting container' }),
  'cap-add': list({ help: 'Add Linux capabilities' }),
  'cap-drop': list({ help: 'Drop Linux capabilities' }),
  detach: flag({ short: 'd', help: 'Run container in background and print container ID' }),
  entrypoint: text({ help: 'Override the entrypoint of the image' }),
  env: list({ short: 'e', help: 'Set environment variables' }, 'stringArray'),
  'env-from-file': list({ help: 'Set environment variables from file' }, 'stringArray'),
  interactive: flag({ short: 'i', help: 'Keep STDIN open even if not attached' }, true),
  label: list({ short: 'l', help: 'Add or override a label' }, 'stringArray'),
  name: text({ help: 'Assign a name to the container' }),
  'no-deps': flag({ help: "Don't start linked services" }),
  'no-tty': flag({ short: 'T', hiddenNames: ['no-TTY'], help: 'Disable pseudo-TTY allocation' }),
  publish: list({ short: 'p', help: "Publish a container's port(s) to the host" }, 'stringArray'),
  pull: pullOption,
  quiet: flag({ short: 'q', help: "Don't print progress of what is brought up first" }),
  'quiet-build': flag({ help: 'Suppress progress output from the build process' }),
  'quiet-pull': flag({ help: 'Pull without printing progress information' }),
  'remove-orphans': flag({ help: 'Remove containers for services not defined in the Compose file' }),
  rm: flag({ help: 'Automatically remove the container when it exits' }),
  'service-ports': flag({
    short: 'P',
    help: "Run command with all service's ports enabled and mapped to the host",
  }),
  tty: flag({ short: 't', help: '' }, true),
  'use-aliases': flag({
    help: "Use the service's network useAliases in the network(s) the container connects to",
  }),
  user: text({ short: 'u', help: 'Run as specified username or uid' }),
  volume: list({ short: 'v', help: 'Bind mount a volume' }, 'stringArray'),
  workdir: text({ short: 'w', help: 'Working directory inside the container' }),
};

type RunValues = OptionValues<typeof options>;

/** `dhow compose run`: one more container of a service, with a command of its own, once its dependencies are ready. */
export function createVerb(choice: ProjectChoice, given: Manner): Command {
  return defineCommand({
    usage: ['[OPTIONS] SERVICE [COMMAND] [ARGS...]'],
    operands: { min: 1 },
    interspersed: false,
    startsProcess: true,
    options,
    async run(context, { options: values, operands: [name = '', ...command] }) {
      const { client, signal } = context;
      const manner: Manner = values.quiet ? { ...given, progress: 'quiet' } : given;
      if (manner.dryRun && !values.detach) {
        throw new DhowError('InvalidParameter', 'interactive run is not supported in dry-run mode');
      }
      const loaded = openProject(context, choice, [name]);
      findService(loaded.services, name);
      const project = oneOffProject(await provideSocket(context, loaded), name, {
        command,
        entrypoint: values.entrypoint,
        environment: toRecord(readVariables(values['env-from-file'], values.env, context.environment)),
        labels: toRecord(values.label),
        user: values.user,
        workingDirectory: values.workdir,
        addedCapabilities: values['cap-add'],
        droppedCapabilities: values['cap-drop'],
        servicePorts: values['service-ports'],
        ports: values.publish,
        volumes: values.volume,
        directory: context.workingDirectory,
      });
      if (!values['no-deps']) await bringUpDependencies(context, manner, loaded, name, values);
      const images = await prepareImages(context, manner, project, [name], imageSettings(values));
      const observed = await observeProject(client, project.name, signal);
      const hasTerminal = context.stdin.isTTY === true && context.stdout.isTTY === true;
      const terminal = values.tty && !values['no-tty'] && hasTerminal && !values.detach;
      const stdin = values.interactive && !values.detach;
      const made = makeOneOff(project, name, observed, { ...values, imageId: images.get(name)?.id ?? '' });
      const container = {
        ...made,
        request: {
          ...made.request,
          Tty: terminal || (values.detach && (made.request.Tty ?? false)),
          OpenStdin: stdin || (values.detach && (made.request.OpenStdin ?? false)),
          StdinOnce: stdin,
          AttachStdin: stdin,
          AttachStdout: !values.detach,
          AttachStderr: !values.detach,
          HostConfig: { ...made.request.HostConfig, AutoRemove: values.rm },
        },
      };
      const resources = planResources(project, [name], observed, false);
      const waits = values['no-deps'] ? [] : conditionSteps(project, name, observed);
      const after = [...resources.networks.values(), ...resources.volumes.values(), ...waits];
      await runSteps(context, manner, [...after, { action: { kind: 'create-container', container }, after }]);
      const start = async () => {
        try {
          await startContainer(client, container.name, signal);
        } catch (error) {
          if (values.rm)
            await removeContainer(client, container.name, { v: true, force: true }).catch(() => {});
          throw error;
        }
      };
      if (values.detach) {
        if (!manner.dryRun) await start();
        context.stdout.write(`${container.name}\n`);
        return 0;
      }
      const end = await runSession(context, {
        id: container.name,
        start,
        stdin,
        stdout: true,
        stderr: true,
        terminal,
        detachKeys: await chooseDetachKeys(context, undefined, terminal),
        forwardSignals: !terminal,
        until: values.rm ? 'removed' : 'next-exit',
      });
      return end === 'detached' ? 0 : end;
    },
  });
}

function makeOneOff(
  project: Project,
  service: string,
  observed: Observed,
  values: RunValues & { readonly imageId: string },
) {
  const slug = randomBytes(32).toString('hex');
  const first = (other: string) =>
    observed.containers.find((container) => container.service === other && !container.oneOff)?.name;
  return newContainer(project, {
    service,
    name: values.name ?? nameIn(project, service, 'run', slug.slice(0, 12)),
    number: 1,
    imageId: values.imageId,
    slug,
    aliases: values['use-aliases'],
    nameOf(other) {
      const found = first(other);
      if (found !== undefined) return found;
      throw new DhowError('NotFound', `service "${other}", which "${service}" refers to, has no container`);
    },
  });
}

/** What the service waits for by its `depends_on`, on the containers that there are now. */
function conditionSteps(project: Project, name: string, observed: Observed): Step[] {
  const service = findService(project.services, name);
  return [...dependenciesOf(service)].flatMap(([other, { condition }]): Step[] => {
    if (condition === 'service_started') return [];
    const met = condition === 'service_healthy' ? 'healthy' : 'completed';
    return observed.containers
      .filter((container) => container.service === other && !container.oneOff)
      .map(({ id, name: shown }) => ({
        action: { kind: 'await-container', id, name: shown, condition: met },
        after: [],
      }));
  });
}

async function bringUpDependencies(
  context: CliContext,
  manner: Manner,
  project: Project,
  name: string,
  values: RunValues,
): Promise<void> {
  const service = findService(project.services, name);
  const services = [...dependenciesOf(service).keys()].filter((other) =>
    Object.hasOwn(project.services, other),
  );
  if (services.length === 0) return;
  const choice: UpChoice = {
    ...imageSettings(values),
    services,
    dependencies: true,
    recreate: 'changed',
    recreateDependencies: true,
    scale: new Map(),
    start: true,
    renewVolumes: false,
    removeOrphans: values['remove-orphans'],
    allResources: false,
    timeoutSeconds: undefined,
  };
  await runSteps(context, manner, (await prepareUp(context, manner, project, choice)).steps);
}

function imageSettings(values: RunValues) {
  const quiet = values['quiet-pull'] || values['quiet-build'];
  return { pull: values.pull, build: values.build, noBuild: false, quiet };
}
