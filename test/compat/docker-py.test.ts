import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { after, before, describe, it } from 'node:test';
import { runCommand } from '../support/command.ts';
import type { Engine } from '../support/engine.ts';
import { pushImage } from '../support/push-image.ts';
import { type Registry, startRegistry } from '../support/registry.ts';
import { startEngine } from './start-engine.ts';

const python = '/usr/bin/python3';
const isMissing = spawnSync(python, ['-c', 'import docker']).status !== 0;
const options = isMissing ? { skip: "Debian's python3-docker is not installed" } : {};

/** Docker's client for Python, as Debian has it, on which docker-compose 1 and Ansible stand. */
describe('docker-py', options, () => {
  let engine: Engine;
  let registry: Registry;

  before(async () => {
    registry = await startRegistry();
    engine = await startEngine();
  });
  after(async () => {
    await engine?.[Symbol.asyncDispose]();
    await registry?.[Symbol.asyncDispose]();
  });

  /** Runs a script that has `client`; an assertion of it that fails is an error here. */
  async function script(lines: string): Promise<void> {
    const prelude = 'import docker\nfrom docker.errors import *\nclient = docker.from_env()\n';
    const { code, stderr } = await runCommand(python, ['-c', prelude + lines], {
      environment: {
        DOCKER_HOST: engine.host,
        DOCKER_CONFIG: `${engine.directory}/config`,
        REGISTRY: registry.address,
      },
    });
    assert.equal(code, 0, stderr);
  }

  it('asks for ping, version and info', () =>
    script(`
assert client.ping()
assert client.version()['Os'] == 'linux'
assert client.info()['OSType'] == 'linux'
`));

  it('runs containers, attached and in the background', () =>
    script(`
assert client.containers.run('busybox', 'echo hello', remove=True) == b'hello\\n'
try:
    client.containers.run('busybox', ['sh', '-c', 'echo wrong >&2; exit 3'], remove=True)
    raise SystemExit('no error')
except ContainerError as error:
    assert error.exit_status == 3
    assert error.stderr == b'wrong\\n'
container = client.containers.run('busybox', 'sleep 1000', detach=True, name='py', labels={'by': 'py'},
    environment={'A': 'b'}, mem_limit='64m', ports={'80/tcp': None}, volumes={'py-data': {'bind': '/data', 'mode': 'rw'}})
assert [c.name for c in client.containers.list(filters={'label': 'by=py'})] == ['py']
code, output = container.exec_run(['sh', '-c', 'echo $A; touch /data/file; exit 4'])
assert (code, output) == (4, b'b\\n')
stdout, stderr = container.exec_run(['sh', '-c', 'echo out; echo err >&2'], demux=True).output
assert (stdout, stderr) == (b'out\\n', b'err\\n')
container.reload()
assert container.status == 'running'
assert container.attrs['NetworkSettings']['Ports']['80/tcp'][0]['HostPort'] != ''
assert any('sleep' in ' '.join(row) for row in container.top()['Processes'])
assert container.stats(stream=False)['pids_stats'] is not None
container.stop(timeout=0)
assert container.wait()['StatusCode'] == 137
container.remove()
client.volumes.get('py-data').remove()
`));

  it('pulls, tags, saves, loads and removes images', async () => {
    const recipe = { format: 'oci', compression: 'gzip', files: { greeting: 'hello' } } as const;
    await pushImage(registry, 'py', recipe, 'v1');
    await script(`
import os
name = os.environ['REGISTRY'] + '/py'
image = client.images.pull(name, tag='v1')
assert image.tags == [name + ':v1']
assert any('Pull complete' in line.get('status', '') or 'up to date' in line.get('status', '')
    for line in client.api.pull(name, tag='v1', stream=True, decode=True))
image.tag('py-other', tag='v2')
archive = b''.join(client.images.get('py-other:v2').save(named='py-other:v2'))
client.images.remove('py-other:v2')
client.images.remove(name + ':v1')
try:
    client.images.get(name + ':v1')
    raise SystemExit('no error')
except ImageNotFound:
    pass
[loaded] = client.images.load(archive)
assert loaded.tags == ['py-other:v2'], loaded.tags
client.images.remove('py-other:v2')
try:
    client.images.pull(name, tag='nope')
    raise SystemExit('no error')
except NotFound as error:
    assert 'manifest unknown' in str(error)
`);
  });

  it('attaches to a container and writes to it', () =>
    script(`
container = client.containers.create('busybox', 'cat', stdin_open=True)
socket = container.attach_socket(params={'stdin': 1, 'stdout': 1, 'stream': 1})
container.start()
socket._sock.sendall(b'typed')
socket._sock.shutdown(1)
frame = b''
while True:
    piece = socket._sock.recv(4096)
    if not piece: break
    frame += piece
assert frame == b'\\x01\\x00\\x00\\x00\\x00\\x00\\x00\\x05typed', frame
container.remove(force=True)
`));

  it('copies archives, follows logs and hears of events', () =>
    script(`
import io, tarfile, time
since = int(time.time())
container = client.containers.run('busybox', ['sh', '-c', 'for i in 1 2 3; do echo $i; sleep 0.1; done'], detach=True)
assert b''.join(container.logs(stream=True, follow=True)) == b'1\\n2\\n3\\n'
buffer = io.BytesIO()
with tarfile.open(fileobj=buffer, mode='w') as tar:
    info = tarfile.TarInfo('put'); info.size = 3
    tar.addfile(info, io.BytesIO(b'put'))
assert container.put_archive('/tmp', buffer.getvalue())
pieces, stat = container.get_archive('/tmp/put')
assert stat['name'] == 'put' and stat['size'] == 3
with tarfile.open(fileobj=io.BytesIO(b''.join(pieces))) as tar:
    assert tar.extractfile('put').read() == b'put'
assert {'Path': '/tmp/put', 'Kind': 1} in container.diff()
container.remove()
actions = [event['Action'] for event in client.events(since=since, until=int(time.time()) + 1, decode=True,
    filters={'container': container.id})]
assert [action for action in actions if action in ('create', 'start', 'die', 'destroy')] == ['create', 'start', 'die', 'destroy'], actions
`));

  it('makes networks and connects containers to them', () =>
    script(`
network = client.networks.create('py-net', driver='bridge')
container = client.containers.run('busybox', 'sleep 1000', detach=True, network='py-net')
container.reload()
assert list(container.attrs['NetworkSettings']['Networks']) == ['py-net']
client.networks.get('bridge').connect(container)
container.reload()
assert sorted(container.attrs['NetworkSettings']['Networks']) == ['bridge', 'py-net']
network.disconnect(container)
container.remove(force=True)
network.remove()
`));
});
