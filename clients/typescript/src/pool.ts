// Doing many things, several at a time.

/** Does all of it, so many at a time, in order. The first that fails stops the others, and is what is thrown. */
export async function inParallel<T>(
  items: readonly T[],
  atOnce: number,
  signal: AbortSignal | undefined,
  work: (item: T, signal: AbortSignal) => Promise<void>,
): Promise<void> {
  const failed = new AbortController();
  const stop = signal ? AbortSignal.any([signal, failed.signal]) : failed.signal;
  const rest = items[Symbol.iterator]();
  const worker = async () => {
    try {
      // All workers take from the same iterator.
      for (const item of rest) {
        stop.throwIfAborted();
        await work(item, stop);
      }
    } catch (error) {
      failed.abort(error);
      throw error;
    }
  };
  const workers = Array.from({ length: Math.min(atOnce, items.length) }, worker);
  // The others end first, so that nothing is sent any more once this has failed.
  await Promise.allSettled(workers);
  stop.throwIfAborted();
}
