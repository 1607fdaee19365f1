import path from 'node:path';

/** What lies in a layer's directory. */
export interface LayerPlaces {
  /** The layer's files, as overlayfs mounts them. */
  files: string;
  /** What the layer's tar had besides, for putting it together again. */
  record: { file: string; movedDirectory: string };
}

export function placesOf(layerDirectory: string): LayerPlaces {
  return {
    // Short, as a hundred of these paths must fit one mount.
    files: path.join(layerDirectory, 'fs'),
    record: {
      file: path.join(layerDirectory, 'tar-record'),
      movedDirectory: path.join(layerDirectory, 'moved'),
    },
  };
}
