import { startDaemon } from '../support/daemon.ts';
import { importBase } from '../support/describe-engine.ts';
import { startDockerd } from '../support/dockerd.ts';
import type { Engine } from '../support/engine.ts';

/** A private daemon with the image `busybox`: Dhow, or with DHOW_TEST_TARGET=dockerd the reference. */
export async function startEngine(): Promise<Engine> {
  const engine = await (process.env['DHOW_TEST_TARGET'] === 'dockerd' ? startDockerd() : startDaemon());
  await importBase(engine);
  return engine;
}
