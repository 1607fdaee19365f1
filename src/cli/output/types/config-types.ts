import { boolType, intType, mapOf, pointerTo, stringsType, stringType } from '#cli/output/template/value.ts';
import {
  commandType,
  durationType,
  emptyStruct,
  field,
  stringMap,
  struct,
} from '#cli/output/types/fields.ts';

/** How a container tells that it is well; images carry it too. */
export const healthcheckType = struct('v1.HealthcheckConfig', [
  field('Test', stringsType, '?'),
  field('Interval', durationType, '?'),
  field('Timeout', durationType, '?'),
  field('StartPeriod', durationType, '?'),
  field('StartInterval', durationType, '?'),
  field('Retries', intType, '?'),
]);

const portSetType = mapOf(emptyStruct, 'nat.PortSet');
const volumeSet = mapOf(emptyStruct);

export const containerConfigType = struct('container.Config', [
  field('Hostname', stringType),
  field('Domainname', stringType),
  field('User', stringType),
  field('AttachStdin', boolType),
  field('AttachStdout', boolType),
  field('AttachStderr', boolType),
  field('ExposedPorts', portSetType, '?'),
  field('Tty', boolType),
  field('OpenStdin', boolType),
  field('StdinOnce', boolType),
  field('Env', stringsType),
  field('Cmd', commandType),
  field('Healthcheck', pointerTo(healthcheckType), '?'),
  field('ArgsEscaped', boolType, '?'),
  field('Image', stringType),
  field('Volumes', volumeSet),
  field('WorkingDir', stringType),
  field('Entrypoint', commandType),
  field('NetworkDisabled', boolType, '?'),
  field('MacAddress', stringType, '?'),
  field('OnBuild', stringsType),
  field('Labels', stringMap),
  field('StopSignal', stringType, '?'),
  field('StopTimeout', pointerTo(intType), '?'),
  field('Shell', commandType, '?'),
]);
