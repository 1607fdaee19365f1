import { DhowError } from '#errors/error.ts';

/** Debian's two archives: URLs of the directories that have `dists` and `pool`, without a slash at the end. */
export interface Mirrors {
  readonly main: string;
  readonly security: string;
}

/** What a user said of where to fetch from. */
export interface MirrorChoice {
  readonly mirror?: string | undefined;
  readonly securityMirror?: string | undefined;
  /** `20261101T000000Z`: the archive as it was then. The mirrors have a directory for each moment, as snapshot.debian.org does. */
  readonly snapshot?: string | undefined;
}

export interface ChosenMirrors {
  readonly source: Mirrors;
  /** What apt asks in containers: no snapshot, as people expect `apt-get upgrade` to bring what is new. */
  readonly ofImage: Mirrors;
  /** Documents of a snapshot may be older than Debian lets them count. */
  readonly isSnapshot: boolean;
}

const current = { main: 'http://deb.debian.org/debian', security: 'http://deb.debian.org/debian-security' };
const snapshots = {
  main: 'http://snapshot.debian.org/archive/debian',
  security: 'http://snapshot.debian.org/archive/debian-security',
};

/** @throws InvalidParameter, naming what is wrong */
export function chooseMirrors({ mirror, securityMirror, snapshot }: MirrorChoice): ChosenMirrors {
  const usual = snapshot === undefined ? current : snapshots;
  const moment = snapshot === undefined ? '' : `/${checkMoment(snapshot)}`;
  const source = {
    main: checkUrl(mirror ?? usual.main) + moment,
    security: checkUrl(securityMirror ?? usual.security) + moment,
  };
  const isSnapshot = snapshot !== undefined;
  return { source, ofImage: isSnapshot ? current : source, isSnapshot };
}

function checkMoment(text: string): string {
  const parts = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/.exec(text)?.slice(1);
  const [year, month, day, hour, minute, second] = parts ?? [];
  const iso = `${year}-${month}-${day}T${hour}:${minute}:${second}.000Z`;
  const time = new Date(iso);
  if (parts !== undefined && !Number.isNaN(time.getTime()) && time.toISOString() === iso) return text;
  throw new DhowError(
    'InvalidParameter',
    `invalid snapshot "${text}": expected a time in UTC as 20261101T000000Z`,
  );
}

/** A space or a bracket would mean something else in a line of apt's sources. */
function checkUrl(text: string): string {
  if (/^(https?|file):\/\/[^\s[\]"']+$/.test(text) && URL.canParse(text)) return text.replace(/\/+$/, '');
  throw new DhowError(
    'InvalidParameter',
    `invalid mirror "${text}": expected a URL of http, https or file, such as ${current.main}`,
  );
}
