/** What is kept of a step, or a cache mount. */
export interface CachedBuildStep {
  /** The digest of a step's inputs; the name of a cache mount's directory. */
  key: string;
  kind: 'step' | 'mount';
  description: string;
  sizeBytes: number;
  createdAt: Date;
  lastUsedAt: Date;
  uses: number;
  /** An image or a container keeps the layer as well: removing the row frees nothing. */
  shared: boolean;
}
