import { humanSize } from '#cli/output/size.ts';
import { displayWidth, shortId } from '#cli/output/width.ts';
import { formatPlatform } from '#image/platform.ts';
import type { ImageManifestSummary, ImageSummary } from '#wire/images.ts';

/** What stands in a line besides the name. */
interface Cells {
  id: string;
  usage: string;
  content: string;
  extra: string;
}

interface Line {
  name: string;
  /** undefined for one of several names of an image, but the last. */
  cells?: Cells;
}

const header: Cells = { id: 'ID', usage: 'DISK USAGE', content: 'CONTENT SIZE', extra: 'EXTRA' };
const legend = 'Info ->  U In Use ';
const gap = '   ';

/** Images, each with those that its names stand for, one for each platform. @param width the legend stands at its right end */
export function renderImageTree(images: readonly ImageSummary[], width: number): string {
  const groups = images.map((image) => linesOf(image));
  const lines = [{ name: 'IMAGE', cells: header }, ...groups.flat()];
  const nameWidth = Math.max(...lines.map(({ name }) => displayWidth(name)));
  const isSpaced = images.some((image) => imagesOf(image).length > 0);
  const blocks = groups.map((group) => group.map((line) => `${layOut(line, nameWidth)}\n`).join(''));
  return [
    `${legend.padStart(width)}\n\n`,
    `${layOut({ name: 'IMAGE', cells: header }, nameWidth)}\n`,
    ...blocks.map((block) => (isSpaced ? `${block}\n` : block)),
  ].join('');
}

function imagesOf({ Manifests }: ImageSummary): ImageManifestSummary[] {
  return (Manifests ?? []).filter(({ Kind }) => Kind === 'image');
}

function linesOf(image: ImageSummary): Line[] {
  const parts = imagesOf(image);
  const names = image.RepoTags.length > 0 ? image.RepoTags : ['<untagged>'];
  const cells = cellsOf(image.Id, {
    total: image.Size,
    content: parts.reduce((sum, { Size }) => sum + Size.Content, 0),
    isUsed: parts.some(isUsed),
  });
  return [
    ...names.slice(0, -1).map((name) => ({ name })),
    ...names.slice(-1).map((name) => ({ name, cells })),
    ...parts.map((part, index) => ({
      name: `${index === parts.length - 1 ? '└─' : '├─'} ${part.ImageData ? formatPlatform(part.ImageData.Platform) : ''}`,
      cells: cellsOf(part.ID, { total: part.Size.Total, content: part.Size.Content, isUsed: isUsed(part) }),
    })),
  ];
}

function isUsed({ ImageData }: ImageManifestSummary): boolean {
  return (ImageData?.Containers ?? []).length > 0;
}

function cellsOf(id: string, size: { total: number; content: number; isUsed: boolean }): Cells {
  return {
    id: shortId(id),
    usage: humanSize(size.total, 3),
    content: humanSize(size.content, 3),
    extra: size.isUsed ? 'U' : '',
  };
}

function layOut({ name, cells }: Line, nameWidth: number): string {
  if (cells === undefined) return name;
  const padding = ' '.repeat(nameWidth - displayWidth(name));
  return [
    name + padding,
    cells.id.padEnd(12),
    cells.usage.padStart(header.usage.length),
    cells.content.padStart(header.content.length),
    cells.extra,
  ]
    .join(gap)
    .trimEnd();
}
