import http from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import type { Daemon } from '../../test/support/daemon.ts';
import { inParallel, timeCommand } from '../measure.ts';
import type { Scenario } from '../scenario.ts';

/** A daemon that was killed, and the next one: until it answers `ps` with every container running. */
export const restartScenario: Scenario = {
  name: 'restart',
  async measure({ dhow }, { rounds = 5, containers }) {
    const rows = [];
    let running = 0;
    for (const wanted of containers === undefined ? [20, 200] : [containers]) {
      const present = running;
      await inParallel(wanted - present, 4, (index) => {
        const args = ['run', '--detach', '--name', `held-${present + index}`, 'busybox', 'sleep', '1000000'];
        return timeCommand(dhow.cli.invoke(...args));
      });
      running = wanted;
      const samples: number[] = [];
      for (let round = 0; round < rounds; round++) samples.push(await timeRestart(dhow.daemon, running));
      rows.push({ name: `${running} running containers`, samples });
    }
    const names = Array.from({ length: running }, (_, index) => `held-${index}`);
    await timeCommand(dhow.cli.invoke('rm', '--force', ...names));
    return [
      {
        title: 'kill -9 of the daemon, start, until ps answers with all of them',
        unit: 'ms',
        rows,
        references: [],
      },
    ];
  },
};

const patienceMs = 30_000;

/** Kills the daemon, starts it, and asks it for its containers as soon as it answers. */
async function timeRestart(daemon: Daemon, running: number): Promise<number> {
  await daemon.kill9();
  const started = performance.now();
  const start = daemon.start();
  for (;;) {
    const listed = await listContainers(daemon.socket);
    const took = performance.now() - started;
    if (listed !== undefined) {
      await start;
      const up = listed.filter(({ State }) => State === 'running').length;
      if (up !== running)
        throw new Error(`${up} of ${running} containers run after the restart of the daemon`);
      return took;
    }
    if (took > patienceMs) throw new Error(`the daemon does not answer after ${patienceMs} ms`);
    await delay(2);
  }
}

/** undefined while nobody listens. */
function listContainers(socketPath: string): Promise<{ State: string }[] | undefined> {
  return new Promise((resolve, reject) => {
    const request = http.get({ socketPath, path: '/containers/json', agent: false }, (response) => {
      let text = '';
      response.setEncoding('utf8');
      response.on('data', (piece: string) => {
        text += piece;
      });
      response.on('end', () => {
        if (response.statusCode === 200) resolve(JSON.parse(text) as { State: string }[]);
        else reject(new Error(`ps answered ${response.statusCode}: ${text}`));
      });
    });
    request.on('error', () => resolve(undefined));
  });
}
