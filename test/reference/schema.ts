import assert from 'node:assert/strict';
import fs from 'node:fs';
import { test } from 'node:test';
import { parse } from 'yaml';
import { startDaemon } from '../support/daemon.ts';
import { importBase } from '../support/describe-engine.ts';
import { type ApiDescription, compareWithSchema, findSchema } from './api/check-schema.ts';
import { runSession } from './api/session.ts';

/*
 * Holds Dhow's answers to the description of the newest API, moby's api/swagger.yaml of version 1.56, which is not part of this repository. Run:
 * DHOW_ENGINE_API=/path/to/it tools/node --test test/reference/schema.ts
 */

const file = process.env['DHOW_ENGINE_API'];

/** Why an answer may be other than described. Each is needed. */
const explanations: readonly (readonly [difference: RegExp, reason: string])[] = [
  [/^\.(kind|reason): not described$/, "Dhow's own: why a call failed, for programs"],
  [/: null, and not (array|object)$/, 'a slice or map of Go that is nil, as Docker sends it'],
  [/\.(MemorySwappiness|ExitCode): null, and not integer$/, 'a number that there is not, as Docker sends it'],
  [/\.OomKillDisable: null, and not boolean$/, 'a choice that nobody made, as Docker sends it'],
  [/\.NetworkSettings\.\w+: not described$/, 'of the default network, which clients before 1.52 read'],
  [/\.BridgeNfIp6?tables: not described$/, 'clients before 1.50 warn without'],
  [/^\.(Parent|DockerVersion): not described$/, 'clients before 1.52 read them'],
  [/^\.(status|id): not described$/, 'of events: clients before 1.52 read them'],
  [/^\[\]\.Containers: not described$/, 'of networks in a list, which clients before 1.52 read'],
  [
    /\.(Experimental|ProductLicense|FirewallBackend\.Info|DefaultAddressPools|runtimeArgs): missing$/,
    'left out when empty',
  ],
  [/\.(DiscoveredDevices|NRI|Containerd): missing$/, 'the host has none'],
  [/\.Runtimes\.\*\.status: missing$/, 'what a runtime says of itself is not asked'],
  [/\.(Nodes|Managers|Cluster|ClusterVolume|Peers|Services): missing$/, 'of swarms'],
  [
    /\.(Manifests|Identity|Descriptor|ImageManifestDescriptor|Storage): missing$/,
    'of the image store of containerd',
  ],
  [
    /\.(Healthcheck|Health|ArgsEscaped|ExposedPorts|StopSignal|StopTimeout|Shell): missing$/,
    'left out when unset',
  ],
  [/\.(Variant|OsVersion|NetworkDisabled|Init|Mounts|Annotations): missing$/, 'left out when unset'],
  [/\.(StorageOpt|Tmpfs|Sysctls|user|Error|IPRange|AuxiliaryAddresses): missing$/, 'left out when unset'],
  [/\.(Deleted|Untagged): missing$/, 'each entry has one of the two'],
  [/\.(SizeRw|SizeRootFs|UsageData|Items): missing$/, 'when it is asked for'],
  [/^\.Status: missing$|\.Volumes\[\]\.Status: missing$/, 'of volume drivers that have one'],
  [
    /\.(commit\w*|privateworkingset|\w+_normalized|\w+_size_bytes|\w+point_id|instance_id): missing$/,
    'of Windows',
  ],
  [/\.memory_stats\.failcnt: missing$|\.pids_stats\.limit: missing$/, 'left out when it is 0'],
  [/\.precpu_stats\..*: missing$/, 'there is no sample before the first'],
];

test('answers are as described', {
  skip: file === undefined && 'DHOW_ENGINE_API names no file',
}, async () => {
  const api: ApiDescription = parse(fs.readFileSync(file ?? '', 'utf8'));
  await using daemon = await startDaemon();
  await importBase(daemon);
  const unexplained = new Set<string>();
  const used = new Set<string>();
  let compared = 0;
  for (const { method, path, answer } of await runSession(daemon.socket, 'v1.56')) {
    const schema = findSchema(api, method, path, answer.status);
    if (schema === undefined || answer.body === undefined) continue;
    compared += 1;
    for (const difference of compareWithSchema(api, schema, answer.body)) {
      const reason = explanations.find(([pattern]) => pattern.test(difference))?.[1];
      if (reason === undefined) unexplained.add(`${method} ${path} ${answer.status} ${difference}`);
      else used.add(reason);
    }
  }
  assert.ok(compared > 60, `${compared} answers were compared`);
  assert.deepEqual([...unexplained], []);
  assert.deepEqual(
    explanations.filter(([, reason]) => !used.has(reason)).map(([, reason]) => reason),
    [],
    'explained, but no longer different',
  );
});
