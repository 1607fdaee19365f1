/** Exclusive locks by name, granted in the order of asking. */
export class Locks {
  readonly #waiting = new Map<string, (() => void)[]>();

  /** @returns the lock if nobody has it */
  tryAcquire(name: string): Disposable | undefined {
    if (this.#waiting.has(name)) return undefined;
    this.#waiting.set(name, []);
    return this.#held(name);
  }

  /** @throws the reason of `signal` */
  async acquire(name: string, signal: AbortSignal): Promise<Disposable> {
    signal.throwIfAborted();
    const queue = this.#waiting.get(name);
    if (queue === undefined) this.#waiting.set(name, []);
    else await this.#wait(queue, signal);
    return this.#held(name);
  }

  #wait(queue: (() => void)[], signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const enter = (): void => {
        signal.removeEventListener('abort', leave);
        resolve();
      };
      const leave = (): void => {
        queue.splice(queue.indexOf(enter), 1);
        reject(signal.reason);
      };
      signal.addEventListener('abort', leave, { once: true });
      queue.push(enter);
    });
  }

  #held(name: string): Disposable {
    let held = true;
    return {
      [Symbol.dispose]: () => {
        if (!held) return;
        held = false;
        const next = this.#waiting.get(name)?.shift();
        if (next === undefined) this.#waiting.delete(name);
        else next();
      },
    };
  }
}
