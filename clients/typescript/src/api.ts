// One call of Sluice's API, repeated where that can help.
import type { Credential } from "./credential.js";
import { NetworkError, ProblemError } from "./errors.js";
import { persist, secondsOf } from "./retry.js";
import type { Problem } from "./wire.js";

/** A call. */
export interface Call {
  readonly method: "GET" | "POST" | "DELETE";
  /** Below the API's URL. */
  readonly path: string;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal | undefined;
}

/** The longest that an answer takes: it may be held for 20 s, and a file of 10,000 parts takes a minute to put together. */
const PATIENCE_MS = 120_000;

/** Sluice's API. */
export class Api {
  readonly #url: string;

  constructor(
    url: string | URL,
    private readonly tries: number,
  ) {
    this.#url = String(url).replace(/\/+$/, "");
  }

  /** Calls it until it answers, and gives the answer's JSON. */
  call<T>(credential: Credential, call: Call): Promise<T> {
    return persist(this.tries, call.signal, () => this.once<T>(credential, call));
  }

  /** Calls it once. */
  async once<T>(credential: Credential, call: Call): Promise<T> {
    const answer = await this.open(credential, call, AbortSignal.timeout(PATIENCE_MS));
    return (await read(answer, call.signal)) as T;
  }

  /** Calls it once. The answer is no problem, and its body is still to be read. */
  async open(credential: Credential, call: Call, timeout?: AbortSignal): Promise<Response> {
    let response = await this.#send(await credential.bearer(), call, timeout);
    if (response.status === 401) {
      const other = await credential.another();
      if (other) response = await this.#send(other, call, timeout);
    }
    if (!response.ok) throw await problem(response, call.signal);
    return response;
  }

  async #send(token: string, { method, path, body, headers, signal }: Call, timeout?: AbortSignal): Promise<Response> {
    const stops = [signal, timeout].filter((stop) => stop !== undefined);
    const init: RequestInit = {
      method,
      headers: {
        authorization: `Bearer ${token}`,
        ...(body === undefined ? {} : { "content-type": "application/json" }),
        ...headers,
      },
      signal: AbortSignal.any(stops),
      cache: "no-store",
      credentials: "omit",
    };
    if (body !== undefined) init.body = JSON.stringify(body);
    try {
      return await fetch(this.#url + path, init);
    } catch (cause) {
      signal?.throwIfAborted();
      throw new NetworkError("Sluice could not be reached, or this page's origin may not call it (CORS).", { cause });
    }
  }
}

async function read(response: Response, signal: AbortSignal | undefined): Promise<unknown> {
  try {
    return await response.json();
  } catch (cause) {
    signal?.throwIfAborted();
    throw new NetworkError("The answer broke off.", { cause });
  }
}

async function problem(response: Response, signal: AbortSignal | undefined): Promise<ProblemError> {
  const retryAfter = secondsOf(response.headers.get("retry-after"), Date.now());
  const isProblem = response.headers.get("content-type")?.startsWith("application/problem+json");
  const said = isProblem ? ((await read(response, signal)) as Problem) : unexplained(response.status);
  return new ProblemError(said, retryAfter);
}

/** What is between here and Sluice answers in its own words, such as a proxy's page for 502. */
function unexplained(status: number): Problem {
  const detail = `The answer has the status ${status}, and is not Sluice's.`;
  return { type: "about:blank", title: "Not served", status, detail, code: "", request_id: "" };
}
