import fs from 'node:fs';

let counter = 0;

/** Names and directories that belong to one engine of one test process, so that tests can run beside each other. */
export interface Scratch {
  /** Short: interface names end at 15 bytes and socket paths at 107. */
  id: string;
  directory: string;
  runDirectory: string;
  remove(): void;
}

/** Makes the two directories. Everything named after `id` or lying in them is the test's own. */
export function createScratch(): Scratch {
  counter += 1;
  const id = `${process.pid.toString(36)}x${counter}`;
  const directory = `/tmp/dhow-test-${id}`;
  const runDirectory = `/run/dhow-test-${id}`;
  fs.mkdirSync(directory, { recursive: true, mode: 0o711 });
  fs.mkdirSync(runDirectory, { recursive: true, mode: 0o711 });
  return {
    id,
    directory,
    runDirectory,
    remove() {
      fs.rmSync(directory, { recursive: true, force: true });
      fs.rmSync(runDirectory, { recursive: true, force: true });
    },
  };
}
