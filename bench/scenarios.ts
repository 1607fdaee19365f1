import type { Scenario } from './scenario.ts';
import { buildScenario } from './scenarios/build.ts';
import { composeScenario } from './scenarios/compose.ts';
import { imagesScenario } from './scenarios/images.ts';
import { listScenario } from './scenarios/list.ts';
import { memoryScenario } from './scenarios/memory.ts';
import { namesScenario } from './scenarios/names.ts';
import { networksScenario } from './scenarios/networks.ts';
import { portsScenario } from './scenarios/ports.ts';
import { restartScenario } from './scenarios/restart.ts';
import { runScenario } from './scenarios/run.ts';
import { runManyScenario } from './scenarios/run-many.ts';
import { throughputScenario } from './scenarios/throughput.ts';

export const scenarios: readonly Scenario[] = [
  runScenario,
  runManyScenario,
  listScenario,
  networksScenario,
  portsScenario,
  throughputScenario,
  namesScenario,
  memoryScenario,
  restartScenario,
  imagesScenario,
  buildScenario,
  composeScenario,
];
