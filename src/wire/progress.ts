/** One line of the JSON stream of `POST /images/create`, `/images/load`, `/images/{name}/push` and `/build`. */
export interface ProgressMessage {
  /** Layer id that the status speaks of; absent for lines of the whole operation. */
  id?: string;
  status?: string;
  progressDetail?: ProgressDetail;
  /** The bar as drawn text, for clients that do not draw themselves. */
  progress?: string;
  /** Output of a build. */
  stream?: string;
  /** Values for programs, such as the id of a built image. */
  aux?: unknown;
  /** The operation failed; the stream ends after this line. */
  error?: string;
  errorDetail?: { code?: number; message: string };
}

export interface ProgressDetail {
  current?: number;
  total?: number;
  start?: number;
  /** `true`: the bar shows no size in bytes. */
  hidecounts?: boolean;
  units?: string;
}
