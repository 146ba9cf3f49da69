// Whether the page still hears from the API: what the last request came to, and whether the live feed is open.

import { useEffect, useState } from "preact/hooks";
import { now } from "./now.ts";

/**
 * - `live`: what happens is told at once
 * - `polling`: requests are answered, but the feed is closed; the page asks again every few seconds
 * - `lost`: nothing is answered
 */
export type LinkState = "live" | "polling" | "lost";

let fed = false;
let answered = true;
let since = now();
const listeners = new Set<() => void>();
const returns = new Set<() => void>();

export function linkState(): LinkState {
  if (!answered) return "lost";
  return fed ? "live" : "polling";
}

/** The feed has opened or closed. */
export function feedIs(open: boolean) {
  change(() => (fed = open));
}

/** A request was answered, with whatever, or none was. */
export function requestsAre(heard: boolean) {
  change(() => (answered = heard));
}

/** Calls this whenever an answer comes again after none did. */
export function onReturn(listener: () => void): () => void {
  returns.add(listener);
  return () => returns.delete(listener);
}

function change(made: () => void) {
  const before = linkState();
  made();
  const after = linkState();
  if (before === after) return;
  since = now();
  for (const listener of listeners) listener();
  if (before === "lost") for (const listener of returns) listener();
}

/** The state of the link, and since when it has been so. */
export function useLink(): { state: LinkState; since: number } {
  const [, draw] = useState(0);
  useEffect(() => {
    const listener = () => draw((n) => n + 1);
    listeners.add(listener);
    return () => void listeners.delete(listener);
  }, []);
  return { state: linkState(), since };
}
