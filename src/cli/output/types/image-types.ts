import {
  anyType,
  boolType,
  int64Type,
  mapOf,
  pointerTo,
  sliceOf,
  stringsType,
  stringType,
} from '#cli/output/template/value.ts';
import { containerConfigType, healthcheckType } from '#cli/output/types/config-types.ts';
import {
  embedded,
  emptyStruct,
  field,
  named,
  stringMap,
  struct,
  timeType,
} from '#cli/output/types/fields.ts';

/* The types behind `docker image inspect --format` (Docker 28), and those that containers share with images. */

const platform = struct('v1.Platform', [
  field('Architecture', stringType, 'architecture'),
  field('OS', stringType, 'os'),
  field('OSVersion', stringType, 'os.version?'),
  field('OSFeatures', stringsType, 'os.features?'),
  field('Variant', stringType, 'variant?'),
]);

export const descriptorType = struct('v1.Descriptor', [
  field('MediaType', stringType, 'mediaType'),
  field('Digest', named('digest.Digest'), 'digest'),
  field('Size', int64Type, 'size'),
  field('URLs', stringsType, 'urls?'),
  field('Annotations', stringMap, 'annotations?'),
  field('Data', { kind: 'string', name: '[]uint8' }, 'data?'),
  field('Platform', pointerTo(platform), 'platform?'),
  field('ArtifactType', stringType, 'artifactType?'),
]);

export const driverDataType = struct('storage.DriverData', [
  field('Data', stringMap),
  field('Name', stringType),
]);

const imageConfig = struct('v1.DockerOCIImageConfig', [
  embedded(
    'ImageConfig',
    struct('v1.ImageConfig', [
      field('User', stringType, '?'),
      field('ExposedPorts', mapOf(emptyStruct), '?'),
      field('Env', stringsType, '?'),
      field('Entrypoint', stringsType, '?'),
      field('Cmd', stringsType, '?'),
      field('Volumes', mapOf(emptyStruct), '?'),
      field('WorkingDir', stringType, '?'),
      field('Labels', stringMap, '?'),
      field('StopSignal', stringType, '?'),
      field('ArgsEscaped', boolType, '?'),
    ]),
  ),
  embedded(
    'DockerOCIImageConfigExt',
    struct('v1.DockerOCIImageConfigExt', [
      field('Healthcheck', pointerTo(healthcheckType), '?'),
      field('OnBuild', stringsType, '?'),
      field('Shell', stringsType, '?'),
    ]),
  ),
]);

export const imageType = struct('image.InspectResponse', [
  field('ID', stringType, 'Id'),
  field('RepoTags', stringsType),
  field('RepoDigests', stringsType),
  field('Parent', stringType),
  field('Comment', stringType),
  field('Created', stringType, '?'),
  field('Container', stringType, '?'),
  field('ContainerConfig', pointerTo(containerConfigType), '?'),
  field('DockerVersion', stringType),
  field('Author', stringType),
  field('Config', pointerTo(imageConfig)),
  field('Architecture', stringType),
  field('Variant', stringType, '?'),
  field('Os', stringType),
  field('OsVersion', stringType, '?'),
  field('Size', int64Type),
  field('VirtualSize', int64Type, '?'),
  field('GraphDriver', driverDataType),
  field(
    'RootFS',
    struct('image.RootFS', [field('Type', stringType, '?'), field('Layers', stringsType, '?')]),
  ),
  field('Metadata', struct('image.Metadata', [field('LastTagTime', timeType, '?')])),
  field('Descriptor', pointerTo(descriptorType), '?'),
  field('Manifests', sliceOf(anyType), '?'),
]);
