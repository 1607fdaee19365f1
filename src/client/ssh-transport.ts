import { spawn } from 'node:child_process';
import { Duplex } from 'node:stream';
import { DhowError } from '#errors/error.ts';

/**
 * A connection to the daemon of another host, through an `ssh` of its own. Whether that reaches anything is seen when it is used.
 * @param args see `sshCommand`
 */
export function connectBySsh(host: string, args: readonly string[], signal?: AbortSignal): Duplex {
  signal?.throwIfAborted();
  const ssh = spawn('ssh', args, { stdio: ['pipe', 'pipe', 'pipe'] });
  let complaint = '';
  let ended = false;
  ssh.stderr.on('data', (chunk: Buffer) => {
    complaint = (complaint + chunk.toString()).slice(-2000);
  });
  const stream = new Duplex({
    allowHalfOpen: true,
    read: () => void ssh.stdout.resume(),
    write: (chunk, _encoding, done) => void ssh.stdin.write(chunk, (error) => done(error)),
    final: (done) => void ssh.stdin.end(done),
    destroy(error, done) {
      if (!ended) ssh.kill();
      done(error);
    },
  });
  const fail = (reason: string) =>
    stream.destroy(new DhowError('Unavailable', `Cannot connect to the daemon at ${host}: ${reason}`));
  ssh.stdout.on('data', (chunk: Buffer) => {
    if (!stream.push(chunk)) ssh.stdout.pause();
  });
  // What it says when it ends badly is told by its exit.
  ssh.stdin.on('error', () => {});
  ssh.on('error', (error) => fail(`ssh cannot be started: ${error.message}`));
  ssh.on('close', (code) => {
    ended = true;
    if (code === 0) stream.push(null);
    else fail(complaint.trim() || `ssh ended with code ${code}`);
  });
  return stream;
}
