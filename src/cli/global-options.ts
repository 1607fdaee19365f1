import { flag, list, text } from '#cli/options.ts';

/** Options in front of the command's name. */
export const globalOptions = {
  config: text({ help: 'Location of client configuration files (default: $DOCKER_CONFIG or ~/.docker)' }),
  context: text({
    short: 'c',
    help: 'Name of the context to use (overrides DOCKER_HOST and what "dhow context use" chose)',
  }),
  debug: flag({ short: 'D', help: 'Print where an error comes from' }),
  host: list({
    short: 'H',
    help: 'Daemon to talk to, such as unix:///run/dhow/dhow.sock, ssh://host, or tcp://host:2376 with --tlsverify',
  }),
  'log-level': text({ short: 'l', help: '' }),
  tls: flag({ help: 'Use TLS; implied by --tlsverify' }),
  tlscacert: text({
    help: 'Trust certificates signed by this authority only (default: ca.pem in the config directory)',
  }),
  tlscert: text({ help: 'TLS certificate file (default: cert.pem in the config directory)' }),
  tlskey: text({ help: 'TLS key file (default: key.pem in the config directory)' }),
  tlsverify: flag({ help: 'Use TLS and verify the daemon' }),
  version: flag({ short: 'v', help: 'Print the version and quit' }),
};
