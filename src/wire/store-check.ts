/** One finding of `POST /system/check`, which Docker has not; the stream's last line has all of them as `aux`. */
export interface StoreProblem {
  Kind: string;
  Subject: string;
  Detail: string;
  /** `found`, `mended` or `not-mended`. */
  Outcome: string;
  Remedy: string;
}

export interface StoreCheckResult {
  Problems: StoreProblem[];
}
