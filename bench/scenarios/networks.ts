import { type Contestant, contestantNames } from '../contestants.ts';
import { interleave, timeCommand, warmUp } from '../measure.ts';
import type { Scenario } from '../scenario.ts';
import { rowsOf } from '../table.ts';

const network = 'bench-run';

/** A short container on a network of one's own, which is there already, and one that is made for it. */
export const networksScenario: Scenario = {
  name: 'networks',
  async measure({ dhow, dockerd, podman }, { rounds = 20 }) {
    const engines = [dhow, dockerd, podman];
    const contestants = [dhow.cli, dockerd.cli, dhow.dhow, podman.cli];
    const runOn = (contestant: Contestant, name: string): Promise<number> =>
      timeCommand(contestant.invoke('run', '--rm', '--network', name, 'busybox', 'true'));
    for (const { cli } of engines) await timeCommand(cli.invoke('network', 'create', network));
    await warmUp(2, contestants, (contestant) => runOn(contestant, network));
    const runs = await interleave(rounds, contestants, (contestant) => runOn(contestant, network));
    for (const { cli } of engines) await timeCommand(cli.invoke('network', 'rm', network));
    const lives = await interleave(rounds, contestants, async (contestant) => {
      const name = `${network}-new`;
      return (
        (await timeCommand(contestant.invoke('network', 'create', name))) +
        (await runOn(contestant, name)) +
        (await timeCommand(contestant.invoke('network', 'rm', name)))
      );
    });
    const references = [contestantNames.dockerOnDockerd, contestantNames.podman];
    return [
      { title: 'run --rm --network of one’s own', unit: 'ms', rows: rowsOf(runs), references },
      { title: 'network create, run --rm on it, network rm', unit: 'ms', rows: rowsOf(lives), references },
    ];
  },
};
