// The live feed of uploads: Server-Sent Events, read with `fetch` because `EventSource` sends no headers.
import type { Api } from "./api.js";
import type { Credential } from "./credential.js";
import { NetworkError, SluiceError } from "./errors.js";
import { pause, sleep } from "./retry.js";
import type { Upload } from "./wire.js";

/** One block of a stream: an event, or a comment, which may have an id too. */
export interface Block {
  readonly id: string | undefined;
  readonly data: string | undefined;
  /** After how many milliseconds to come again. */
  readonly retry: number | undefined;
}

/** Which uploads to follow, and until when. */
export interface Watch {
  readonly query: string;
  readonly signal: AbortSignal | undefined;
}

/** After how many milliseconds to come again, where the server has not said. */
const RETRY_MS = 2000;
/** The longest that a stream is silent: Sluice says something every 15 seconds. Also the longest that it takes to open. */
const LONGEST_SILENCE_MS = 45_000;

/** Each change of an upload, as it happens. It comes back by itself where a stream ends, and misses nothing. */
export async function* follow(api: Api, credential: Credential, watch: Watch, tries: number): AsyncGenerator<Upload> {
  let last: string | undefined;
  let again = RETRY_MS;
  for (let failures = 0; ; ) {
    let retryAfter: number | undefined;
    try {
      for await (const { id, data, retry } of open(api, credential, watch, last)) {
        failures = 0;
        last = id ?? last;
        again = retry ?? again;
        if (data !== undefined) yield JSON.parse(data) as Upload;
      }
    } catch (error) {
      if (!(error instanceof SluiceError) || !error.isPassing || ++failures >= tries) throw error;
      retryAfter = error.retryAfter;
    }
    await sleep(pause(again, failures, retryAfter, Math.random()), watch.signal);
  }
}

/** The blocks of one stream. One that ends with none has failed. */
async function* open(
  api: Api,
  credential: Credential,
  { query, signal }: Watch,
  after: string | undefined,
): AsyncGenerator<Block> {
  const headers: Record<string, string> = after === undefined ? {} : { "last-event-id": after };
  const call = { method: "GET", path: `/v1/uploads/events${query}`, headers, signal } as const;
  const attempt = new AbortController();
  const answer = await inTime(attempt, api.open(credential, call, attempt.signal));
  const reader = answer.body?.pipeThrough(new TextDecoderStream()).getReader();
  let isEmpty = true;
  try {
    for (let unread = ""; reader; ) {
      const { done, value } = await inTime(attempt, reader.read());
      if (done) break;
      const { blocks, rest } = parse(unread + value);
      unread = rest;
      isEmpty &&= blocks.length === 0;
      yield* blocks;
    }
  } catch (cause) {
    signal?.throwIfAborted();
    throw new NetworkError(attempt.signal.aborted ? "The stream went silent." : "The stream broke off.", { cause });
  } finally {
    // Ends the request, where somebody has had enough.
    await reader?.cancel().catch(() => undefined);
  }
  if (isEmpty) throw new NetworkError("The stream ended before it said anything.");
}

/**
 * Ends the attempt if this takes too long: after a machine has slept, or a router has forgotten the connection, nobody
 * else notices. The time that is taken to work on events does not count.
 */
async function inTime<T>(attempt: AbortController, awaited: Promise<T>): Promise<T> {
  const timer = setTimeout(() => attempt.abort(), LONGEST_SILENCE_MS);
  try {
    return await awaited;
  } finally {
    clearTimeout(timer);
  }
}

/** Takes whole blocks off the text. */
export function parse(text: string): { blocks: Block[]; rest: string } {
  const whole = text.replaceAll("\r\n", "\n").split("\n\n");
  const rest = whole.pop() ?? "";
  return { blocks: whole.map(block), rest };
}

function block(text: string): Block {
  const fields = text.split("\n").map((line) => /^(id|data|retry): ?(.*)$/.exec(line));
  const values = (name: string) => fields.filter((field) => field?.[1] === name).map((field) => field?.[2] ?? "");
  const data = values("data");
  const retry = values("retry").filter((value) => /^\d+$/.test(value)).at(-1);
  return {
    id: values("id").at(-1),
    data: data.length ? data.join("\n") : undefined,
    retry: retry === undefined ? undefined : Number(retry),
  };
}
