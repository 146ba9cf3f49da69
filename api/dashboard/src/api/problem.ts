// Why a request came to nothing, in words.

/** The API answered with a problem. */
export class Problem extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    readonly detail: string,
    readonly requestId: string | undefined,
  ) {
    super(detail);
  }
}

/** Nobody answered. */
export class Unreachable extends Error {}

/** What the API's problems look like on the wire, as far as they do. */
interface Told {
  code?: unknown;
  detail?: unknown;
  title?: unknown;
  request_id?: unknown;
}

/** The problem of an answer: one of the API's own, or of something in between. */
export function problemOf(response: Response, body: unknown): Problem {
  const told: Told = typeof body === "object" && body !== null ? body : {};
  const text = (value: unknown) => (typeof value === "string" && value ? value : undefined);
  const detail = text(told.detail) ?? text(told.title) ?? `The answer was ${response.status} ${response.statusText}`.trim() + ".";
  return new Problem(response.status, text(told.code) ?? "unknown", detail, text(told.request_id) ?? response.headers.get("x-request-id") ?? undefined);
}

/** What happened, and what to do about it: nothing, where it is tried again anyway. */
export function trouble(error: unknown, isTriedAgain: boolean): { what: string; advice?: string; reference?: string } {
  if (error instanceof Unreachable) {
    const advice = "Is the API running, and can this computer reach it?";
    return { what: "The API does not answer.", advice: isTriedAgain ? `The page goes on trying. ${advice}` : advice };
  }
  if (error instanceof Problem) {
    const reference = error.requestId === undefined ? {} : { reference: error.requestId };
    if (error.status === 503) return { what: error.detail, advice: isTriedAgain ? "The page tries again by itself." : "Try again in a moment.", ...reference };
    if (error.status === 429) return { what: error.detail, advice: "Wait a little, and try again.", ...reference };
    return { what: error.detail, ...reference };
  }
  return { what: "Something went wrong in this page.", advice: error instanceof Error ? error.message : String(error) };
}
