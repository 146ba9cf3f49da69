// The clock that relative times are shown by: one for all of them, which stands still while nobody looks.

import { useEffect, useState } from "preact/hooks";

const TICK = 1000;
const listeners = new Set<(now: number) => void>();
let timer: ReturnType<typeof setInterval> | undefined;

/** How far the server's clock is before ours, as its answers say. */
let ahead = 0;

/** The server's time as an answer said it last, and when by our clock: it is cut to the second, and so never before its time. */
let told: { server: number; ours: number } | undefined;

/** Takes the server's time from an answer of it, which is exact to a second. */
export function heard(date: string | null) {
  const server = date ? Date.parse(date) : NaN;
  if (!Number.isFinite(server)) return;
  told = { server, ours: performance.now() };
  ahead = Math.abs(server - Date.now()) < 2 * TICK ? 0 : server - Date.now();
}

/** The time now, as the server has it. */
export function now(): number {
  return Date.now() + ahead;
}

/** A moment that the server's clock has passed, by at most a second or two. */
export function passed(): number {
  return told ? told.server + performance.now() - told.ours : now();
}

function tick() {
  if (!document.hidden) for (const listener of listeners) listener(now());
}

/** What is made of the time now. Drawn again only when that has changed. */
export function useNow<T extends string | number | boolean>(of: (now: number) => T): T {
  const [, draw] = useState<T>(() => of(now()));
  useEffect(() => {
    const listener = (now: number) => draw(of(now));
    listeners.add(listener);
    timer ??= setInterval(tick, TICK);
    return () => {
      listeners.delete(listener);
      if (listeners.size === 0 && timer) {
        clearInterval(timer);
        timer = undefined;
      }
    };
  });
  return of(now());
}
