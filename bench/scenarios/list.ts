import { type Contestant, contestantNames } from '../contestants.ts';
import { inParallel, interleave, timeCommand, warmUp } from '../measure.ts';
import type { Scenario } from '../scenario.ts';
import { rowsOf } from '../table.ts';

/** A list of many containers. */
export const listScenario: Scenario = {
  name: 'list',
  async measure({ dhow, dockerd, podman }, { rounds = 20, containers: stopped = 100 }) {
    const engines = [dhow, dockerd, podman];
    for (const { cli } of engines) {
      await inParallel(stopped, 4, (index) =>
        timeCommand(cli.invoke('run', '--name', `stopped-${index}`, 'busybox', 'true')),
      );
    }
    const contestants = [dhow.cli, dockerd.cli, dhow.dhow, podman.cli];
    const list = (contestant: Contestant) => timeCommand(contestant.invoke('ps', '--all'));
    await warmUp(1, contestants, list);
    const samples = await interleave(rounds, contestants, list);
    const names = Array.from({ length: stopped }, (_, index) => `stopped-${index}`);
    for (const { cli } of engines) await timeCommand(cli.invoke('rm', ...names));
    return [
      {
        title: `ps --all of ${stopped} stopped containers`,
        unit: 'ms',
        rows: rowsOf(samples),
        references: [contestantNames.dockerOnDockerd, contestantNames.podman],
      },
    ];
  },
};
