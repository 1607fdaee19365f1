/** Runs what concerns one name one after the other, in the order of asking. */
export type InOrder = <T>(name: string, body: () => Promise<T>) => Promise<T>;

export function createInOrder(): InOrder {
  const tails = new Map<string, Promise<unknown>>();
  return (name, body) => {
    const before = tails.get(name) ?? Promise.resolve();
    const result = before.then(body);
    const tail = result
      .catch(() => {})
      .then(() => {
        if (tails.get(name) === tail) tails.delete(name);
      });
    tails.set(name, tail);
    return result;
  };
}
