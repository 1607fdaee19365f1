import assert from 'node:assert/strict';
import { it } from 'node:test';
import { asksForSocket, withApiSocket } from '#compose/api-socket.ts';
import { loadText } from '#compose/testing/load-text.ts';

it('gives the socket and the logins to the services that ask for them', () => {
  const project = loadText('services: { a: { image: i, use_api_socket: true }, b: { image: i } }');
  assert.equal(asksForSocket(project), true);
  assert.equal(asksForSocket(loadText('services: { b: { image: i } }')), false);
  const { services, configs } = withApiSocket(project, '{}');
  assert.deepEqual(services['a']?.volumes, [
    { type: 'bind', source: '/var/run/docker.sock', target: '/var/run/docker.sock' },
  ]);
  assert.deepEqual(services['a']?.environment, { DOCKER_CONFIG: '/run/secrets/docker' });
  assert.deepEqual(configs['#apisocket'], { content: '{}' });
  assert.deepEqual(services['b'], project.services['b']);
});
