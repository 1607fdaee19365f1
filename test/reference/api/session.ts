import { waitFor } from '../../support/wait-for.ts';
import { type Answer, call } from './http.ts';

export interface Step {
  /** Unique; explanations name it. */
  name: string;
  method: string;
  /** Without the version. */
  path: string;
  answer: Answer;
}

/** The same calls on any daemon that has the image `busybox`, each with its answer. @param version such as `v1.41` */
export async function runSession(socket: string, version: string): Promise<Step[]> {
  const steps: Step[] = [];
  async function step(
    name: string,
    method: string,
    path: string,
    body?: unknown,
    readMs?: number,
  ): Promise<Answer> {
    const answer = await call(socket, method, `/${version}${path}`, body, readMs);
    steps.push({ name, method, path, answer });
    return answer;
  }
  const started = Math.floor(Date.now() / 1000);
  await step('ping', 'GET', '/_ping');
  await step('version', 'GET', '/version');
  await step('info', 'GET', '/info');
  await step('unknown path', 'GET', '/no/such/path');
  steps.push({
    ...{ name: 'version too old', method: 'GET', path: '/info' },
    answer: await call(socket, 'GET', '/v1.10/info'),
  });
  await step('images', 'GET', '/images/json');
  await step('image inspect', 'GET', '/images/busybox/json');
  await step('image history', 'GET', '/images/busybox/history');
  await step('image missing', 'GET', '/images/absent/json');
  await step('image tag', 'POST', '/images/busybox/tag?repo=other&tag=one');
  await step('image tag bad', 'POST', '/images/busybox/tag?repo=x%2FUPPER&tag=one');
  await step('image untag', 'DELETE', '/images/other:one');
  await step('image delete missing', 'DELETE', '/images/absent');
  await step('image pull bad name', 'POST', '/images/create?fromImage=x%2FUPPER&tag=latest');

  await step('create without body', 'POST', '/containers/create');
  await step('create bad json', 'POST', '/containers/create', Buffer.from('{'));
  await step('create unknown image', 'POST', '/containers/create', { Image: 'absent' });
  await step('create bad name', 'POST', '/containers/create?name=-bad', { Image: 'busybox' });
  await step('create bad bind', 'POST', '/containers/create', {
    Image: 'busybox',
    HostConfig: { Binds: ['x'] },
  });
  await step('create bad restart policy', 'POST', '/containers/create', {
    Image: 'busybox',
    HostConfig: { RestartPolicy: { Name: 'sometimes' } },
  });
  await step('create bad memory', 'POST', '/containers/create', {
    Image: 'busybox',
    HostConfig: { Memory: 1 },
  });
  await step('create', 'POST', '/containers/create?name=diff', {
    Image: 'busybox',
    Cmd: ['sh', '-c', 'echo out; echo err >&2; exec sleep 1000'],
    Env: ['A=1'],
    Labels: { tier: 'web' },
    ExposedPorts: { '80/tcp': {} },
    HostConfig: {
      Binds: ['diffvolume:/data'],
      PortBindings: { '80/tcp': [{ HostPort: '' }] },
      Memory: 67_108_864,
    },
  });
  await step('create name taken', 'POST', '/containers/create?name=diff', { Image: 'busybox' });
  await step('inspect created', 'GET', '/containers/diff/json');
  await step('logs of created', 'GET', '/containers/diff/logs?stdout=1');
  await step('exec on created', 'POST', '/containers/diff/exec', { Cmd: ['true'] });
  await step('kill created', 'POST', '/containers/diff/kill');
  await step('top of created', 'GET', '/containers/diff/top');
  await step('start', 'POST', '/containers/diff/start');
  await step('start again', 'POST', '/containers/diff/start');
  await step('inspect running', 'GET', '/containers/diff/json');
  await step('inspect with size', 'GET', '/containers/diff/json?size=1');
  await step('list', 'GET', '/containers/json');
  await step('list with size', 'GET', '/containers/json?size=1&all=1');
  await step('list bad filter', 'GET', '/containers/json?filters=%7B%22nope%22%3A%5B%22x%22%5D%7D');
  await step('list bad filter json', 'GET', '/containers/json?filters=nope');
  await step('logs', 'GET', '/containers/diff/logs?stdout=1&stderr=1');
  await step('logs without stream', 'GET', '/containers/diff/logs');
  await step('changes', 'GET', '/containers/diff/changes');
  await step('archive stat missing', 'HEAD', '/containers/diff/archive?path=/nope');
  await step('archive missing', 'GET', '/containers/diff/archive?path=/nope');
  await step('archive without path', 'GET', '/containers/diff/archive');
  await step('archive', 'GET', '/containers/diff/archive?path=/etc/passwd');
  await step('archive put nowhere', 'PUT', '/containers/diff/archive?path=/nope', Buffer.alloc(1024));
  await step('archive put on file', 'PUT', '/containers/diff/archive?path=/etc/passwd', Buffer.alloc(1024));
  await step('export', 'GET', '/containers/diff/export');
  await step('stats', 'GET', '/containers/diff/stats?stream=0&one-shot=1');
  await step('resize', 'POST', '/containers/diff/resize?h=24&w=80');
  await step('resize bad', 'POST', '/containers/diff/resize?h=x&w=80');
  const exec = await step('exec create', 'POST', '/containers/diff/exec', {
    Cmd: ['true'],
    AttachStdout: true,
  });
  const execId = (exec.body as { Id?: string }).Id ?? 'none';
  await step('exec without command', 'POST', '/containers/diff/exec', {});
  await step('exec inspect', 'GET', `/exec/${execId}/json`);
  await step('exec start', 'POST', `/exec/${execId}/start`, { Detach: true });
  await step('exec start again', 'POST', `/exec/${execId}/start`, { Detach: true });
  await until(
    async () => (await call(socket, 'GET', `/exec/${execId}/json`)).body,
    (body) => (body as { Running?: boolean }).Running === false,
  );
  await step('exec inspect ended', 'GET', `/exec/${execId}/json`);
  await step('exec missing', 'GET', '/exec/nothing/json');
  await step('update', 'POST', '/containers/diff/update', { Memory: 134_217_728, MemorySwap: -1 });
  await step('update bad', 'POST', '/containers/diff/update', { Memory: 1 });
  await step('pause', 'POST', '/containers/diff/pause');
  await step('pause again', 'POST', '/containers/diff/pause');
  await step('start paused', 'POST', '/containers/diff/start');
  await step('exec on paused', 'POST', '/containers/diff/exec', { Cmd: ['true'] });
  await step('unpause', 'POST', '/containers/diff/unpause');
  await step('unpause again', 'POST', '/containers/diff/unpause');
  await step('rename', 'POST', '/containers/diff/rename?name=differ');
  await step('rename same', 'POST', '/containers/differ/rename?name=differ');
  await step('rename bad', 'POST', '/containers/differ/rename?name=%2F');
  await step('kill bad signal', 'POST', '/containers/differ/kill?signal=NOPE');
  await step('remove running', 'DELETE', '/containers/differ');
  await step('commit', 'POST', '/commit?container=differ&repo=committed&tag=one');
  await step('commit missing', 'POST', '/commit?container=absent');
  await step('image in use', 'DELETE', '/images/busybox');
  await step('stop', 'POST', '/containers/differ/stop?t=0');
  await step('stop again', 'POST', '/containers/differ/stop?t=0');
  await step('wait', 'POST', '/containers/differ/wait');
  await step('wait bad condition', 'POST', '/containers/differ/wait?condition=never');
  await step('inspect exited', 'GET', '/containers/differ/json');
  await step('attach to exited', 'POST', '/containers/differ/attach?logs=1&stdout=1', undefined, 1000);
  await step('restart', 'POST', '/containers/differ/restart?t=0');
  await step('kill', 'POST', '/containers/differ/kill');
  await step('wait for kill', 'POST', '/containers/differ/wait');

  await step('volumes', 'GET', '/volumes');
  await step('volume create', 'POST', '/volumes/create', { Name: 'made', Labels: { a: 'b' } });
  await step('volume create bad name', 'POST', '/volumes/create', { Name: 'a/b' });
  await step('volume inspect', 'GET', '/volumes/made');
  await step('volume missing', 'GET', '/volumes/absent');
  await step('volume in use', 'DELETE', '/volumes/diffvolume');
  await step('volume remove', 'DELETE', '/volumes/made');
  await step('networks', 'GET', '/networks');
  await step('network inspect', 'GET', '/networks/bridge');
  await step('network missing', 'GET', '/networks/absent');
  await step('network create', 'POST', '/networks/create', {
    Name: 'net',
    CheckDuplicate: true,
    Labels: { a: 'b' },
  });
  await step('network create taken', 'POST', '/networks/create', { Name: 'net', CheckDuplicate: true });
  await step('network create bad subnet', 'POST', '/networks/create', {
    Name: 'n2',
    IPAM: { Config: [{ Subnet: 'x' }] },
  });
  await step('network connect', 'POST', '/networks/net/connect', { Container: 'differ' });
  await step('network inspect connected', 'GET', '/networks/net');
  await step('inspect connected', 'GET', '/containers/differ/json');
  await step('network remove predefined', 'DELETE', '/networks/bridge');
  await step('network disconnect', 'POST', '/networks/net/disconnect', { Container: 'differ' });
  await step('network disconnect again', 'POST', '/networks/net/disconnect', { Container: 'differ' });
  await step('network remove', 'DELETE', '/networks/net');
  await step('network remove again', 'DELETE', '/networks/net');
  await step(
    'events',
    'GET',
    `/events?since=${started}&until=${Math.floor(Date.now() / 1000) + 1}`,
    undefined,
    3000,
  );
  await step('events bad since', 'GET', '/events?since=x');
  await step('disk usage', 'GET', '/system/df');
  await step('remove', 'DELETE', '/containers/differ?v=1');
  await step('remove again', 'DELETE', '/containers/differ');
  await step('image remove committed', 'DELETE', '/images/committed:one');
  await step('prune containers', 'POST', '/containers/prune');
  await step('prune images', 'POST', '/images/prune');
  await step('prune volumes', 'POST', '/volumes/prune');
  await step('prune networks', 'POST', '/networks/prune');
  await step('prune bad filter', 'POST', '/containers/prune?filters=%7B%22nope%22%3A%5B%22x%22%5D%7D');

  await step('swarm', 'GET', '/swarm');
  await step('nodes', 'GET', '/nodes');
  await step('services', 'GET', '/services');
  await step('tasks', 'GET', '/tasks');
  await step('secrets', 'GET', '/secrets');
  await step('configs', 'GET', '/configs');
  await step('plugins', 'GET', '/plugins');
  await step('plugin missing', 'GET', '/plugins/absent/json');
  return steps;
}

async function until<T>(ask: () => Promise<T>, enough: (answer: T) => boolean): Promise<void> {
  await waitFor('the answer', async () => enough(await ask()));
}
