import type { Command } from '#cli/command.ts';

/** A command's names (the full one first) and the way to its code, which is loaded only when it is the one to run. */
export interface CommandEntry {
  readonly names: readonly string[];
  readonly summary: string;
  load(): Promise<{ readonly command: Command }>;
}

/** Groups for the overview that `dhow --help` prints and for `dhow <group>`. */
export const groups: Readonly<Record<string, string>> = {
  builder: 'Manage builds',
  container: 'Manage containers',
  context: 'Manage contexts',
  image: 'Manage images',
  manifest: 'Manage Docker image manifests and manifest lists',
  network: 'Manage networks',
  system: 'Manage Dhow',
  volume: 'Manage volumes',
};

export const registry: readonly CommandEntry[] = [
  {
    names: ['image build', 'build', 'builder build'],
    summary: 'Build an image from a Dockerfile',
    load: () => import('#cli/commands/build/build.ts'),
  },
  {
    names: ['builder du'],
    summary: 'Show what the build cache takes',
    load: () => import('#cli/commands/build/du.ts'),
  },
  {
    names: ['builder prune'],
    summary: 'Remove build cache',
    load: () => import('#cli/commands/build/prune.ts'),
  },
  {
    names: ['compose'],
    summary: 'Define and run multi-container applications',
    load: () => import('#cli/commands/compose/compose.ts'),
  },
  {
    names: ['container attach', 'attach'],
    summary: 'Attach local standard input, output, and error streams to a running container',
    load: () => import('#cli/commands/container/attach.ts'),
  },
  {
    names: ['container commit', 'commit'],
    summary: "Create a new image from a container's changes",
    load: () => import('#cli/commands/container/commit.ts'),
  },
  {
    names: ['container cp', 'cp'],
    summary: 'Copy files/folders between a container and the local filesystem',
    load: () => import('#cli/commands/container/cp.ts'),
  },
  {
    names: ['container create', 'create'],
    summary: 'Create a new container',
    load: () => import('#cli/commands/container/create.ts'),
  },
  {
    names: ['container diff', 'diff'],
    summary: "Inspect changes to files or directories on a container's filesystem",
    load: () => import('#cli/commands/container/diff.ts'),
  },
  {
    names: ['container exec', 'exec'],
    summary: 'Execute a command in a running container',
    load: () => import('#cli/commands/container/exec.ts'),
  },
  {
    names: ['container export', 'export'],
    summary: "Export a container's filesystem as a tar archive",
    load: () => import('#cli/commands/container/export.ts'),
  },
  {
    names: ['container inspect'],
    summary: 'Display detailed information on one or more containers',
    load: () => import('#cli/commands/container/inspect.ts'),
  },
  {
    names: ['container kill', 'kill'],
    summary: 'Kill one or more running containers',
    load: () => import('#cli/commands/container/kill.ts'),
  },
  {
    names: ['container logs', 'logs'],
    summary: 'Fetch the logs of a container',
    load: () => import('#cli/commands/container/logs.ts'),
  },
  {
    names: ['container ls', 'container list', 'container ps', 'ps'],
    summary: 'List containers',
    load: () => import('#cli/commands/container/ls.ts'),
  },
  {
    names: ['container pause', 'pause'],
    summary: 'Pause all processes within one or more containers',
    load: () => import('#cli/commands/container/pause.ts'),
  },
  {
    names: ['container port', 'port'],
    summary: 'List port mappings or a specific mapping for the container',
    load: () => import('#cli/commands/container/port.ts'),
  },
  {
    names: ['container prune'],
    summary: 'Remove all stopped containers',
    load: () => import('#cli/commands/container/prune.ts'),
  },
  {
    names: ['container rename', 'rename'],
    summary: 'Rename a container',
    load: () => import('#cli/commands/container/rename.ts'),
  },
  {
    names: ['container restart', 'restart'],
    summary: 'Restart one or more containers',
    load: () => import('#cli/commands/container/restart.ts'),
  },
  {
    names: ['container rm', 'container remove', 'rm'],
    summary: 'Remove one or more containers',
    load: () => import('#cli/commands/container/rm.ts'),
  },
  {
    names: ['container run', 'run'],
    summary: 'Create and run a new container from an image',
    load: () => import('#cli/commands/container/run.ts'),
  },
  {
    names: ['container start', 'start'],
    summary: 'Start one or more stopped containers',
    load: () => import('#cli/commands/container/start.ts'),
  },
  {
    names: ['container stats', 'stats'],
    summary: 'Display a live stream of container(s) resource usage statistics',
    load: () => import('#cli/commands/container/stats.ts'),
  },
  {
    names: ['container stop', 'stop'],
    summary: 'Stop one or more running containers',
    load: () => import('#cli/commands/container/stop.ts'),
  },
  {
    names: ['container top', 'top'],
    summary: 'Display the running processes of a container',
    load: () => import('#cli/commands/container/top.ts'),
  },
  {
    names: ['container unpause', 'unpause'],
    summary: 'Unpause all processes within one or more containers',
    load: () => import('#cli/commands/container/unpause.ts'),
  },
  {
    names: ['container update', 'update'],
    summary: 'Update configuration of one or more containers',
    load: () => import('#cli/commands/container/update.ts'),
  },
  {
    names: ['container wait', 'wait'],
    summary: 'Block until one or more containers stop, then print their exit codes',
    load: () => import('#cli/commands/container/wait.ts'),
  },
  {
    names: ['context create'],
    summary: 'Create a context',
    load: () => import('#cli/commands/context/create.ts'),
  },
  {
    names: ['context export'],
    summary: 'Export a context to a tar archive FILE or a tar stream on STDOUT.',
    load: () => import('#cli/commands/context/export.ts'),
  },
  {
    names: ['context import'],
    summary: 'Import a context from a tar file',
    load: () => import('#cli/commands/context/import.ts'),
  },
  {
    names: ['context inspect'],
    summary: 'Display detailed information on one or more contexts',
    load: () => import('#cli/commands/context/inspect.ts'),
  },
  {
    names: ['context ls', 'context list'],
    summary: 'List contexts',
    load: () => import('#cli/commands/context/ls.ts'),
  },
  {
    names: ['context rm', 'context remove'],
    summary: 'Remove one or more contexts',
    load: () => import('#cli/commands/context/rm.ts'),
  },
  {
    names: ['context show'],
    summary: 'Print the name of the current context',
    load: () => import('#cli/commands/context/show.ts'),
  },
  {
    names: ['context update'],
    summary: 'Update a context',
    load: () => import('#cli/commands/context/update.ts'),
  },
  {
    names: ['context use'],
    summary: 'Set the current context',
    load: () => import('#cli/commands/context/use.ts'),
  },
  {
    names: ['image bootstrap'],
    summary: "Make a base image from a distribution's own archive of packages",
    load: () => import('#cli/commands/image/bootstrap.ts'),
  },
  {
    names: ['image history', 'history'],
    summary: 'Show the history of an image',
    load: () => import('#cli/commands/image/history.ts'),
  },
  {
    names: ['image import', 'import'],
    summary: 'Import the contents from a tarball to create a filesystem image',
    load: () => import('#cli/commands/image/import.ts'),
  },
  {
    names: ['image inspect'],
    summary: 'Display detailed information on one or more images',
    load: () => import('#cli/commands/image/inspect.ts'),
  },
  {
    names: ['image load', 'load'],
    summary: 'Load an image from a tar archive or STDIN',
    load: () => import('#cli/commands/image/load.ts'),
  },
  {
    names: ['image ls', 'image list', 'images'],
    summary: 'List images',
    load: () => import('#cli/commands/image/ls.ts'),
  },
  {
    names: ['image prune'],
    summary: 'Remove unused images',
    load: () => import('#cli/commands/image/prune.ts'),
  },
  {
    names: ['image pull', 'pull'],
    summary: 'Download an image from a registry',
    load: () => import('#cli/commands/image/pull.ts'),
  },
  {
    names: ['image push', 'push'],
    summary: 'Upload an image to a registry',
    load: () => import('#cli/commands/image/push.ts'),
  },
  {
    names: ['image rm', 'image remove', 'rmi'],
    summary: 'Remove one or more images',
    load: () => import('#cli/commands/image/rm.ts'),
  },
  {
    names: ['image save', 'save'],
    summary: 'Save one or more images to a tar archive (streamed to STDOUT by default)',
    load: () => import('#cli/commands/image/save.ts'),
  },
  {
    names: ['image tag', 'tag'],
    summary: 'Create a tag TARGET_IMAGE that refers to SOURCE_IMAGE',
    load: () => import('#cli/commands/image/tag.ts'),
  },
  {
    names: ['login'],
    summary: 'Authenticate to a registry',
    load: () => import('#cli/commands/registry/login.ts'),
  },
  {
    names: ['logout'],
    summary: 'Log out from a registry',
    load: () => import('#cli/commands/registry/logout.ts'),
  },
  {
    names: ['manifest annotate'],
    summary: 'Add additional information to a local image manifest',
    load: () => import('#cli/commands/manifest/annotate.ts'),
  },
  {
    names: ['manifest create'],
    summary: 'Create a local manifest list for annotating and pushing to a registry',
    load: () => import('#cli/commands/manifest/create.ts'),
  },
  {
    names: ['manifest inspect'],
    summary: 'Display an image manifest, or manifest list',
    load: () => import('#cli/commands/manifest/inspect.ts'),
  },
  {
    names: ['manifest push'],
    summary: 'Push a manifest list to a repository',
    load: () => import('#cli/commands/manifest/push.ts'),
  },
  {
    names: ['manifest rm'],
    summary: 'Delete one or more manifest lists from local storage',
    load: () => import('#cli/commands/manifest/rm.ts'),
  },
  {
    names: ['network connect'],
    summary: 'Connect a container to a network',
    load: () => import('#cli/commands/network/connect.ts'),
  },
  {
    names: ['network create'],
    summary: 'Create a network',
    load: () => import('#cli/commands/network/create.ts'),
  },
  {
    names: ['network disconnect'],
    summary: 'Disconnect a container from a network',
    load: () => import('#cli/commands/network/disconnect.ts'),
  },
  {
    names: ['network inspect'],
    summary: 'Display detailed information on one or more networks',
    load: () => import('#cli/commands/network/inspect.ts'),
  },
  {
    names: ['network ls', 'network list'],
    summary: 'List networks',
    load: () => import('#cli/commands/network/ls.ts'),
  },
  {
    names: ['network prune'],
    summary: 'Remove all unused networks',
    load: () => import('#cli/commands/network/prune.ts'),
  },
  {
    names: ['network rm', 'network remove'],
    summary: 'Remove one or more networks',
    load: () => import('#cli/commands/network/rm.ts'),
  },
  {
    names: ['completion'],
    summary: 'Print the completion script of a shell',
    load: () => import('#cli/commands/system/completion.ts'),
  },
  {
    names: ['system df'],
    summary: 'Show what lies on the disk',
    load: () => import('#cli/commands/system/df.ts'),
  },
  {
    names: ['search'],
    summary: 'Search Docker Hub, or another registry, for images',
    load: () => import('#cli/commands/registry/search.ts'),
  },
  {
    names: ['system check'],
    summary: 'Check what is kept of images, and mend it',
    load: () => import('#cli/commands/system/check.ts'),
  },
  {
    names: ['system dial-stdio'],
    summary: 'Connect the standard streams with the daemon, for a client that comes by ssh',
    load: () => import('#cli/commands/system/dial-stdio.ts'),
  },
  {
    names: ['system events', 'events'],
    summary: 'Get real time events from the server',
    load: () => import('#cli/commands/system/events.ts'),
  },
  {
    names: ['system info', 'info'],
    summary: 'Display system-wide information',
    load: () => import('#cli/commands/system/info.ts'),
  },
  {
    names: ['inspect'],
    summary: 'Return low-level information on Dhow objects',
    load: () => import('#cli/commands/system/inspect.ts'),
  },
  {
    names: ['system prune'],
    summary: 'Remove unused data',
    load: () => import('#cli/commands/system/prune.ts'),
  },
  {
    names: ['version'],
    summary: 'Show the version of the CLI and of the daemon',
    load: () => import('#cli/commands/system/version.ts'),
  },
  {
    names: ['volume clone'],
    summary: 'Make a volume with the content of another',
    load: () => import('#cli/commands/volume/clone.ts'),
  },
  {
    names: ['volume create'],
    summary: 'Create a volume',
    load: () => import('#cli/commands/volume/create.ts'),
  },
  {
    names: ['volume export'],
    summary: "Write a volume's content to a tar archive",
    load: () => import('#cli/commands/volume/export.ts'),
  },
  {
    names: ['volume import'],
    summary: 'Fill a volume from a tar archive',
    load: () => import('#cli/commands/volume/import.ts'),
  },
  {
    names: ['volume inspect'],
    summary: 'Display detailed information on one or more volumes',
    load: () => import('#cli/commands/volume/inspect.ts'),
  },
  {
    names: ['volume ls', 'volume list'],
    summary: 'List volumes',
    load: () => import('#cli/commands/volume/ls.ts'),
  },
  {
    names: ['volume prune'],
    summary: 'Remove unused local volumes',
    load: () => import('#cli/commands/volume/prune.ts'),
  },
  {
    names: ['volume rename'],
    summary: 'Give a volume another name',
    load: () => import('#cli/commands/volume/rename.ts'),
  },
  {
    names: ['volume rm', 'volume remove'],
    summary: 'Remove one or more volumes',
    load: () => import('#cli/commands/volume/rm.ts'),
  },
];
