// The live feed of uploads: Server-Sent Events, read with `fetch` because `EventSource` sends no headers.
import type { Api } from "./api.js";
import type { Credential } from "./credential.js";
import { NetworkError, SluiceError } from "./errors.js";
import { delay, sleep } from "./retry.js";
import type { Upload } from "./wire.js";

/** One block of a stream: an event, or a comment, which may have an id too. */
export interface Block {
  readonly id: string | undefined;
  readonly data: string | undefined;
}

/** Which uploads to follow, and until when. */
export interface Watch {
  readonly query: string;
  readonly signal: AbortSignal | undefined;
}

/** Each change of an upload, as it happens. It comes back by itself where a stream ends, and misses nothing. */
export async function* follow(api: Api, credential: Credential, watch: Watch, tries: number): AsyncGenerator<Upload> {
  let last: string | undefined;
  for (let failures = 0; ; ) {
    try {
      for await (const { id, data } of open(api, credential, watch, last)) {
        failures = 0;
        last = id ?? last;
        if (data !== undefined) yield JSON.parse(data) as Upload;
      }
    } catch (error) {
      if (!(error instanceof SluiceError) || !error.isPassing || ++failures >= tries) throw error;
      await sleep(delay(failures, error.retryAfter, Math.random()), watch.signal);
    }
  }
}

async function* open(
  api: Api,
  credential: Credential,
  { query, signal }: Watch,
  after: string | undefined,
): AsyncGenerator<Block> {
  const headers: Record<string, string> = after === undefined ? {} : { "last-event-id": after };
  const answer = await api.open(credential, { method: "GET", path: `/v1/uploads/events${query}`, headers, signal });
  const reader = answer.body?.pipeThrough(new TextDecoderStream()).getReader();
  if (!reader) return;
  try {
    for (let unread = ""; ; ) {
      const { done, value } = await reader.read();
      if (done) return;
      const { blocks, rest } = parse(unread + value);
      unread = rest;
      yield* blocks;
    }
  } catch (cause) {
    signal?.throwIfAborted();
    throw new NetworkError("The stream broke off.", { cause });
  } finally {
    // Ends the request, where somebody has had enough.
    await reader.cancel().catch(() => undefined);
  }
}

/** Takes whole blocks off the text. */
export function parse(text: string): { blocks: Block[]; rest: string } {
  const whole = text.replaceAll("\r\n", "\n").split("\n\n");
  const rest = whole.pop() ?? "";
  return { blocks: whole.map(block), rest };
}

function block(text: string): Block {
  const fields = text.split("\n").map((line) => /^(id|data): ?(.*)$/.exec(line));
  const values = (name: string) => fields.filter((field) => field?.[1] === name).map((field) => field?.[2] ?? "");
  const data = values("data");
  return { id: values("id").at(-1), data: data.length ? data.join("\n") : undefined };
}
