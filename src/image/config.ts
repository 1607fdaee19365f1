import type { Digest } from '#image/digest.ts';
import { type FieldReader, parseDocument } from '#image/document/fields.ts';
import { present } from '#image/document/present.ts';
import { maxLayers } from '#image/manifest.ts';

/** Docker's health check, in nanoseconds as on the wire. Zero means "inherit". */
export interface HealthCheck {
  Test?: string[];
  Interval?: number;
  Timeout?: number;
  StartPeriod?: number;
  StartInterval?: number;
  Retries?: number;
}

/** Execution defaults of an image: the `config` object of the OCI image configuration, with Docker's additions. */
export interface ImageRunConfig {
  User?: string;
  ExposedPorts?: Record<string, Record<string, never>>;
  Env?: string[];
  Entrypoint?: string[] | null;
  Cmd?: string[] | null;
  Volumes?: Record<string, Record<string, never>>;
  WorkingDir?: string;
  Labels?: Record<string, string>;
  StopSignal?: string;
  Shell?: string[];
  OnBuild?: string[];
  Healthcheck?: HealthCheck;
  ArgsEscaped?: boolean;
}

export interface HistoryEntry {
  created?: string;
  author?: string;
  created_by?: string;
  comment?: string;
  empty_layer?: boolean;
}

/** OCI image-spec config.md. The image id is the digest of its bytes as received. */
export interface ImageConfig {
  created?: string;
  author?: string;
  /** Empty when the image does not say (very old ones do not). */
  architecture: string;
  os: string;
  variant?: string;
  'os.version'?: string;
  'os.features'?: string[];
  config?: ImageRunConfig;
  rootfs: { type: 'layers'; diff_ids: Digest[] };
  history?: HistoryEntry[];
  comment?: string;
}

export const maxConfigBytes = 8 * 1024 * 1024;

const maxHistory = 65_536;
const maxEntries = 65_536;

/**
 * Reads an image configuration and checks the type of every field that is known; unknown fields are dropped from the
 * value (the bytes, which the image id names, are kept by whoever stores them). `null` counts as absent.
 *
 * @throws InvalidParameter
 */
export function parseImageConfig(bytes: Uint8Array): ImageConfig {
  const document = parseDocument(bytes, 'image configuration', maxConfigBytes);
  const rootfs = document.object('rootfs');
  const type = rootfs.string('type');
  if (type !== 'layers') rootfs.fail('type', 'is not "layers"');
  const run = document.optionalObject('config');
  return {
    ...present({
      created: document.optionalString('created'),
      author: document.optionalString('author'),
    }),
    architecture: document.optionalString('architecture') ?? '',
    os: document.optionalString('os') || 'linux',
    ...present({
      variant: document.optionalString('variant'),
      'os.version': document.optionalString('os.version'),
      'os.features': document.optionalStrings('os.features', maxEntries),
      config: run && readRunConfig(run),
    }),
    rootfs: { type: 'layers', diff_ids: rootfs.digests('diff_ids', maxLayers) },
    ...present({
      history: document.has('history') ? document.objects('history', maxHistory).map(readHistory) : undefined,
      comment: document.optionalString('comment'),
    }),
  };
}

/**
 * Reads execution defaults that stand alone, with the checks of `parseImageConfig`.
 * @throws InvalidParameter
 */
export function parseRunConfig(bytes: Uint8Array): ImageRunConfig {
  return readRunConfig(parseDocument(bytes, 'container configuration', maxConfigBytes));
}

function readRunConfig(fields: FieldReader): ImageRunConfig {
  const healthcheck = fields.optionalObject('Healthcheck');
  return present({
    User: fields.optionalString('User'),
    ExposedPorts: fields.optionalKeySet('ExposedPorts', maxEntries),
    Env: fields.optionalStrings('Env', maxEntries),
    Entrypoint: fields.optionalStrings('Entrypoint', maxEntries),
    Cmd: fields.optionalStrings('Cmd', maxEntries),
    Volumes: fields.optionalKeySet('Volumes', maxEntries),
    WorkingDir: fields.optionalString('WorkingDir'),
    Labels: fields.optionalStringMap('Labels', maxEntries),
    StopSignal: fields.optionalString('StopSignal'),
    Shell: fields.optionalStrings('Shell', maxEntries),
    OnBuild: fields.optionalStrings('OnBuild', maxEntries),
    Healthcheck: healthcheck && readHealthCheck(healthcheck),
    ArgsEscaped: fields.optionalBoolean('ArgsEscaped'),
  });
}

function readHealthCheck(fields: FieldReader): HealthCheck {
  return present({
    Test: fields.optionalStrings('Test', maxEntries),
    Interval: fields.optionalCount('Interval'),
    Timeout: fields.optionalCount('Timeout'),
    StartPeriod: fields.optionalCount('StartPeriod'),
    StartInterval: fields.optionalCount('StartInterval'),
    Retries: fields.optionalCount('Retries'),
  });
}

function readHistory(fields: FieldReader): HistoryEntry {
  return present({
    created: fields.optionalString('created'),
    author: fields.optionalString('author'),
    created_by: fields.optionalString('created_by'),
    comment: fields.optionalString('comment'),
    empty_layer: fields.optionalBoolean('empty_layer'),
  });
}
