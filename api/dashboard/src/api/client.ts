// Asking the API: with the session's cookie, and every answer either what was asked for or an error that says why not.

import createClient, { type Middleware } from "openapi-fetch";
import { requestsAre } from "../link.ts";
import { heard } from "../now.ts";
import { problemOf, Unreachable } from "./problem.ts";
import type { components, paths } from "./schema.ts";

export type Schemas = components["schemas"];

/** The longest that an answer may take, in milliseconds. */
const PATIENCE = 30_000;

const watched: Middleware = {
  onResponse({ response }) {
    // What a proxy says when there is nobody behind it is no answer, and an API that can't reach its database knows none.
    requestsAre(![502, 503, 504].includes(response.status));
    heard(response.headers.get("date"));
    return undefined;
  },
  onError({ error, request }) {
    if (request.signal.aborted && error instanceof DOMException && error.name === "AbortError") return error;
    requestsAre(false);
    return new Unreachable("No answer came.", { cause: error });
  },
};

export const client = createClient<paths>({ baseUrl: location.origin, credentials: "same-origin", cache: "no-store" });
client.use(watched);

/** Ends a request that takes too long, or that nobody waits for any more. */
export function within(signal?: AbortSignal): { signal: AbortSignal } {
  const late = AbortSignal.timeout(PATIENCE);
  return { signal: signal ? AbortSignal.any([signal, late]) : late };
}

/** What was asked for, or an error that says why there is none. */
export async function answer<T>(asked: Promise<{ data?: T; error?: unknown; response: Response }>): Promise<T> {
  const { data, error, response } = await asked;
  if (!response.ok) throw problemOf(response, error);
  // An answer without a body, where none is promised.
  return data as T;
}
