/** Who uses which volume at present. */
export interface Holders {
  add(volume: string, holder: string): void;
  /** @returns whether it was a holder */
  remove(volume: string, holder: string): boolean;
  of(volume: string): string[];
  rename(volume: string, newName: string): void;
}

export function createHolders(): Holders {
  const byVolume = new Map<string, Set<string>>();
  return {
    add(volume, holder) {
      const holders = byVolume.get(volume) ?? new Set();
      byVolume.set(volume, holders.add(holder));
    },
    remove(volume, holder) {
      const holders = byVolume.get(volume);
      if (!holders?.delete(holder)) return false;
      if (holders.size === 0) byVolume.delete(volume);
      return true;
    },
    of: (volume) => [...(byVolume.get(volume) ?? [])],
    rename(volume, newName) {
      const holders = byVolume.get(volume);
      byVolume.delete(volume);
      if (holders) byVolume.set(newName, holders);
    },
  };
}
