import type { Listing } from '#cli/output/listing.ts';
import { ellipsis } from '#cli/output/width.ts';
import type { ImageSearchItem } from '#wire/registries.ts';

export const searchTable = 'table {{.Name}}\\t{{.Description}}\\t{{.StarCount}}\\t{{.IsOfficial}}';

const maxDescription = 45;

/** Columns of `search`. */
export function searchListing(truncate: boolean): Listing<ImageSearchItem> {
  return {
    typeName: '*formatter.searchContext',
    columns: {
      Name: { title: 'NAME', value: (row) => row.name },
      Description: { title: 'DESCRIPTION', value: (row) => describe(row.description, truncate) },
      StarCount: { title: 'STARS', value: (row) => String(row.star_count) },
      IsOfficial: { title: 'OFFICIAL', value: (row) => (row.is_official ? '[OK]' : '') },
      IsAutomated: { title: 'AUTOMATED', value: () => '' },
    },
  };
}

function describe(description: string, truncate: boolean): string {
  const oneLine = description.replaceAll(/[\r\n]/g, ' ');
  return truncate ? ellipsis(oneLine, maxDescription) : oneLine;
}
