import type { Listing } from '#cli/output/listing.ts';
import { humanSize } from '#cli/output/size.ts';
import { formatRfc3339 } from '#cli/output/time.ts';
import { ellipsis, shortId } from '#cli/output/width.ts';
import { humanDuration } from '#wire/human-duration.ts';
import type { ImageHistoryItem } from '#wire/images.ts';

export const historyTable = 'table {{.ID}}\\t{{.CreatedSince}}\\t{{.CreatedBy}}\\t{{.Size}}\\t{{.Comment}}';
export const historyTableForMachines =
  'table {{.ID}}\\t{{.CreatedAt}}\\t{{.CreatedBy}}\\t{{.Size}}\\t{{.Comment}}';

/** Columns of `image history`. `now` in milliseconds since the epoch. */
export function historyListing(now: number, truncate: boolean, human: boolean): Listing<ImageHistoryItem> {
  return {
    typeName: '*image.historyContext',
    columns: {
      ID: { title: 'IMAGE', value: (row) => (truncate && row.Id !== '<missing>' ? shortId(row.Id) : row.Id) },
      CreatedSince: {
        title: 'CREATED',
        value: (row) => (row.Created <= 0 ? 'N/A' : `${humanDuration(now - row.Created * 1000)} ago`),
      },
      CreatedAt: { title: 'CREATED AT', value: (row) => formatRfc3339(row.Created * 1000) },
      CreatedBy: { title: 'CREATED BY', value: (row) => formatCommand(row.CreatedBy, truncate) },
      Size: { title: 'SIZE', value: (row) => (human ? humanSize(row.Size, 3) : String(row.Size)) },
      Comment: { title: 'COMMENT', value: (row) => row.Comment },
    },
  };
}

function formatCommand(command: string, truncate: boolean): string {
  const oneCell = command.replaceAll('\t', ' ');
  return truncate ? ellipsis(oneCell, 45) : oneCell;
}
