// When to try again what has failed, and how long to wait before.
import { SluiceError } from "./errors.js";

const FIRST_DELAY_MS = 300;
const LONGEST_DELAY_MS = 20_000;
/** The longest that a server is listened to: what asks for more is rather broken than busy. */
const LONGEST_ASKED_MS = 5 * 60_000;
/** The shortest: nobody comes again at once for ever, even if a server asks for it. */
const SHORTEST_ASKED_MS = 500;

/** How long to wait after so many failures, at least as long as was asked for. `chance` is from 0 to 1. */
export function delay(failures: number, retryAfter: number | undefined, chance: number): number {
  const longest = Math.min(LONGEST_DELAY_MS, FIRST_DELAY_MS * 2 ** (failures - 1));
  const asked = Math.min(LONGEST_ASKED_MS, (retryAfter ?? 0) * 1000);
  // Spread, so that those who failed together don't come back together.
  return asked + (longest * (1 + chance)) / 2;
}

/**
 * How long to wait before a stream is opened again: once to twice the milliseconds that the server wants (`retry`), and
 * longer where it has failed so many times that others would wait longer. `chance` is from 0 to 1.
 */
export function pause(retry: number, failures: number, retryAfter: number | undefined, chance: number): number {
  const wanted = Math.max(SHORTEST_ASKED_MS, Math.min(LONGEST_ASKED_MS, retry)) * (1 + chance);
  return failures === 0 ? wanted : Math.max(wanted, delay(failures, retryAfter, chance));
}

/** The seconds that a `Retry-After` asks for, which is a number or a date. */
export function secondsOf(retryAfter: string | null, now: number): number | undefined {
  if (!retryAfter) return undefined;
  const seconds = /^\d+$/.test(retryAfter) ? Number(retryAfter) : (Date.parse(retryAfter) - now) / 1000;
  return Number.isNaN(seconds) ? undefined : Math.max(0, seconds);
}

/** Tries something until it goes well, fails for good, or has failed so many times. */
export async function persist<T>(
  tries: number,
  signal: AbortSignal | undefined,
  attempt: () => Promise<T>,
  isWorthAnother: (error: SluiceError, failures: number) => boolean = (error) => error.isPassing,
): Promise<T> {
  for (let failures = 1; ; failures++) {
    signal?.throwIfAborted();
    try {
      return await attempt();
    } catch (error) {
      if (!(error instanceof SluiceError) || failures >= tries || !isWorthAnother(error, failures)) throw error;
      await sleep(delay(failures, error.retryAfter, Math.random()), signal);
    }
  }
}

/** Waits, unless it is told to stop: then it throws the signal's reason. */
export function sleep(milliseconds: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    const stop = () => {
      clearTimeout(timer);
      reject(signal?.reason);
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener("abort", stop);
      resolve();
    }, milliseconds);
    signal?.addEventListener("abort", stop, { once: true });
    if (signal?.aborted) stop();
  });
}
