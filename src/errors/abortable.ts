/** Waits for a promise, but no longer than until the signal is aborted. @throws the signal's reason; what the promise throws */
export async function abortable<Value>(promise: Promise<Value> | Value, signal: AbortSignal): Promise<Value> {
  signal.throwIfAborted();
  const aborted = Promise.withResolvers<never>();
  const abort = (): void => aborted.reject(signal.reason);
  signal.addEventListener('abort', abort, { once: true });
  try {
    return await Promise.race([promise, aborted.promise]);
  } finally {
    signal.removeEventListener('abort', abort);
  }
}
