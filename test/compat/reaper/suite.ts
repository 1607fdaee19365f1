import { GenericContainer, Network } from 'testcontainers';

/** A test suite that is killed before it can clean up: it makes things, says so, and waits. */
const network = await new Network().start();
const container = await new GenericContainer('busybox')
  .withNetwork(network)
  .withCommand(['sleep', '1000'])
  .start();
process.stdout.write(`${JSON.stringify({ container: container.getId(), network: network.getId() })}\n`);
setInterval(() => {}, 1000);
