/**
 * Exit code of a daemon that found another one at work on its data root, run root or socket. A CLI that started it need not give up:
 * the other one is about to listen.
 */
export const daemonRunningExitCode = 3;
