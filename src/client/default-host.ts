/** The socket on which the daemon listens and at which the CLI looks when no host is configured. */
export const defaultSocketPath = '/run/dhow/dhow.sock';

export const defaultHost = `unix://${defaultSocketPath}`;
