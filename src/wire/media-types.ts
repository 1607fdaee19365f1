/** Content types of the Engine API's bodies. */
export const mediaTypes = {
  json: 'application/json',
  text: 'text/plain; charset=utf-8',
  tar: 'application/x-tar',
  binary: 'application/octet-stream',
  /** Bytes of a terminal, unframed. */
  rawStream: 'application/vnd.docker.raw-stream',
  /** stdout and stderr framed as in raw-stream.ts. */
  multiplexedStream: 'application/vnd.docker.multiplexed-stream',
  jsonLines: 'application/jsonl',
  jsonSequence: 'application/json-seq',
  newlineDelimitedJson: 'application/x-ndjson',
} as const;
