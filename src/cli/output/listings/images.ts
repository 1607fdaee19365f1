import type { Listing } from '#cli/output/listing.ts';
import { showReference } from '#cli/output/listings/names.ts';
import { humanSize } from '#cli/output/size.ts';
import { formatGoTime } from '#cli/output/time.ts';
import { shortId } from '#cli/output/width.ts';
import { humanDuration } from '#wire/human-duration.ts';
import type { ImageSummary } from '#wire/images.ts';

const created = '{{if .CreatedSince }}{{.CreatedSince}}{{else}}N/A{{end}}';
export const imageTable = `table {{.Repository}}\\t{{.Tag}}\\t{{.ID}}\\t${created}\\t{{.Size}}`;
export const imageTableWithDigests = `table {{.Repository}}\\t{{.Tag}}\\t{{.Digest}}\\t{{.ID}}\\t${created}\\t{{.Size}}`;

export const imageRaw = `repository: {{ .Repository }}
tag: {{.Tag}}
image_id: {{.ID}}
created_at: {{.CreatedAt}}
virtual_size: {{.Size}}
`;
export const imageRawWithDigests = imageRaw.replace('\nimage_id', '\ndigest: {{.Digest}}\nimage_id');

/** An image has a row for each of its names. */
export interface ImageRow {
  readonly image: ImageSummary;
  readonly repository: string;
  readonly tag: string;
  readonly digest: string;
}

const none = '<none>';

/**
 * The rows of an image. With digests each tag is repeated for every digest of its repository; a repository that is known by
 * digest only has one row, or with `digestRows` one for each.
 */
export function imageRows(image: ImageSummary, withDigests: boolean, digestRows: boolean): ImageRow[] {
  const tags = group(
    (image.RepoTags ?? []).filter((tag) => tag !== '<none>:<none>'),
    'tag',
  );
  const digests = group(
    (image.RepoDigests ?? []).filter((digest) => digest !== '<none>@<none>'),
    'digest',
  );
  if (tags.size === 0 && digests.size === 0) return [{ image, repository: none, tag: none, digest: none }];
  const rows: ImageRow[] = [];
  for (const [repository, names] of tags) {
    const known = withDigests ? (digests.get(repository) ?? []) : [];
    for (const tag of names) {
      for (const digest of known.length === 0 ? [none] : known) rows.push({ image, repository, tag, digest });
    }
  }
  for (const [repository, known] of digests) {
    if (tags.has(repository)) continue;
    for (const digest of digestRows ? known : ['']) rows.push({ image, repository, tag: none, digest });
  }
  return rows;
}

function group(references: readonly string[], part: 'tag' | 'digest'): Map<string, string[]> {
  const groups = new Map<string, string[]>();
  for (const reference of references) {
    const shown = showReference(reference);
    const value = shown[part];
    if (value !== undefined) groups.set(shown.name, [...(groups.get(shown.name) ?? []), value]);
  }
  return groups;
}

/** Columns of `image ls`. `now` in milliseconds since the epoch. */
export function imageListing(now: number, truncate: boolean): Listing<ImageRow> {
  return {
    typeName: '*formatter.imageContext',
    columns: {
      ID: { title: 'IMAGE ID', value: ({ image }) => (truncate ? shortId(image.Id) : image.Id) },
      Repository: { title: 'REPOSITORY', value: (row) => row.repository },
      Tag: { title: 'TAG', value: (row) => row.tag },
      Digest: { title: 'DIGEST', value: (row) => row.digest },
      CreatedSince: {
        title: 'CREATED',
        value: ({ image }) => `${humanDuration(now - image.Created * 1000)} ago`,
      },
      CreatedAt: { title: 'CREATED AT', value: ({ image }) => formatGoTime(image.Created * 1000) },
      Size: { title: 'SIZE', value: ({ image }) => humanSize(image.Size, 3) },
      Containers: {
        title: 'CONTAINERS',
        value: ({ image }) => (image.Containers === -1 ? 'N/A' : String(image.Containers)),
      },
      VirtualSize: { title: 'SIZE', value: ({ image }) => humanSize(image.Size) },
      SharedSize: {
        title: 'SHARED SIZE',
        value: ({ image }) => (image.SharedSize === -1 ? 'N/A' : humanSize(image.SharedSize)),
      },
      UniqueSize: {
        title: 'UNIQUE SIZE',
        value: ({ image }) => (image.SharedSize === -1 ? 'N/A' : humanSize(image.Size - image.SharedSize)),
      },
    },
  };
}
