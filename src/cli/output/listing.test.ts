import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { suite, test } from 'node:test';
import { renderListing } from '#cli/output/listing.ts';
import { containerListing, containerRaw, containerTable } from '#cli/output/listings/containers.ts';
import { historyListing, historyTable, historyTableForMachines } from '#cli/output/listings/history.ts';
import {
  imageListing,
  imageRaw,
  imageRows,
  imageTable,
  imageTableWithDigests,
} from '#cli/output/listings/images.ts';
import { compareNaturally } from '#cli/output/listings/names.ts';
import { networkListing, networkRaw, networkTable } from '#cli/output/listings/networks.ts';
import { volumeListing, volumeRaw, volumeTable } from '#cli/output/listings/volumes.ts';
import { messageOf } from '#errors/error.ts';
import type { ContainerSummary } from '#wire/containers.ts';
import type { ImageHistoryItem, ImageSummary } from '#wire/images.ts';
import type { Network } from '#wire/networks.ts';
import type { Volume } from '#wire/volumes.ts';

interface Case {
  list: 'containers' | 'images' | 'networks' | 'volumes' | 'history';
  name: string;
  format?: string;
  whole?: boolean;
  digests?: boolean;
  machine?: boolean;
  output?: string;
  error?: string;
}

interface Recording {
  recordedAt: number;
  containers: ContainerSummary[];
  images: ImageSummary[];
  networks: Network[];
  volumes: Volume[];
  history: ImageHistoryItem[];
  cases: Case[];
}

process.env['TZ'] = 'UTC';

/** What `docker` 28.2.2 printed for lists of a daemon that answered with these rows. */
const recording = JSON.parse(
  readFileSync(new URL('testdata/listings.json', import.meta.url), 'utf8'),
) as Recording;
const now = recording.recordedAt;

function render({ list, format, whole = false, digests = false, machine = false }: Case): string {
  const choose = (table: string, raw = 'raw') =>
    format === undefined ? table : format === 'raw' ? raw : format;
  switch (list) {
    case 'containers':
      return renderListing(
        containerListing(now, !whole),
        recording.containers,
        choose(containerTable, containerRaw),
      );
    case 'images': {
      const chosen = choose(digests ? imageTableWithDigests : imageTable, imageRaw);
      const rows = recording.images.flatMap((image) =>
        imageRows(image, chosen.includes('{{.Digest}}'), digests),
      );
      return renderListing(imageListing(now, !whole), rows, chosen);
    }
    case 'networks': {
      const rows = recording.networks.toSorted((a, b) => compareNaturally(a.Name, b.Name));
      return renderListing(networkListing(!whole), rows, choose(networkTable, networkRaw));
    }
    case 'volumes': {
      const rows = recording.volumes.toSorted((a, b) => compareNaturally(a.Name, b.Name));
      return renderListing(volumeListing(), rows, choose(volumeTable, volumeRaw));
    }
    case 'history': {
      const table = machine ? historyTableForMachines : historyTable;
      return renderListing(historyListing(now, !whole, !machine), recording.history, choose(table));
    }
  }
}

suite('lists look as docker prints them', () => {
  for (const one of recording.cases) {
    test(one.name, () => {
      let actual: { output?: string; error?: string };
      try {
        actual = { output: render(one) };
      } catch (failure) {
        actual = { error: messageOf(failure) };
      }
      assert.deepEqual(actual, one.error === undefined ? { output: one.output } : { error: one.error });
    });
  }
});
