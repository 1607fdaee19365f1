export type Present<Value> = { [Key in keyof Value]?: Exclude<Value[Key], undefined> };

/** Leaves out what is undefined, so that the value serialises and compares as if it had never been mentioned. */
export function present<Value extends object>(value: Value): Present<Value> {
  return Object.fromEntries(
    Object.entries(value).filter(([, field]) => field !== undefined),
  ) as Present<Value>;
}
