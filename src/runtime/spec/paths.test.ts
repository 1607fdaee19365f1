import assert from 'node:assert/strict';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { findThermalPaths } from '#runtime/spec/paths.ts';

test('the heat of every processor that tells it is masked', (t) => {
  const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'dhow-rt-cpus-'));
  t.after(() => fs.rmSync(directory, { recursive: true }));
  for (const name of [
    'cpu10/thermal_throttle',
    'cpu2/thermal_throttle',
    'cpu0',
    'cpufreq/thermal_throttle',
  ]) {
    fs.mkdirSync(path.join(directory, name), { recursive: true });
  }
  assert.deepEqual(findThermalPaths(directory), [
    `${directory}/cpu2/thermal_throttle`,
    `${directory}/cpu10/thermal_throttle`,
  ]);
});
