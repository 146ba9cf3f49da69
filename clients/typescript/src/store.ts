// One PUT to the store.
import { FileError, NetworkError, StoreError } from "./errors.js";
import { secondsOf } from "./retry.js";

/** Bytes to put where a grant says. */
export interface Put {
  readonly url: string;
  /** Exactly these are sent, but for the length, which is the body's. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Blob;
  readonly signal: AbortSignal;
  /** Told how many bytes have been sent so far, where that can be known. */
  readonly onSent: (bytes: number) => void;
}

interface Answer {
  readonly status: number;
  readonly text: string;
  readonly retryAfter: string | null;
}

/** For so long nothing may move. */
const PATIENCE_MS = 60_000;
/** No usable network is slower, in bytes a second: what tells a slow PUT from a dead one where nothing can be seen of it. */
const SLOWEST = 16 * 1024;

/** Puts the bytes. It returns when the store has them. */
export async function put(request: Put): Promise<void> {
  const answer = await send(request);
  if (answer.status < 200 || answer.status > 299) {
    const [, code = ""] = /<Code>([A-Za-z0-9.]{1,64})<\/Code>/.exec(answer.text) ?? [];
    throw new StoreError(answer.status, code, secondsOf(answer.retryAfter, Date.now()));
  }
  request.onSent(request.body.size);
}

async function send(request: Put): Promise<Answer> {
  request.signal.throwIfAborted();
  // Only XMLHttpRequest tells how much has been sent; Node.js and service workers have none.
  const way = typeof XMLHttpRequest === "undefined" ? withFetch : withXhr;
  try {
    return await way(request);
  } catch (error) {
    if (request.signal.aborted) throw request.signal.reason;
    await mustBeReadable(request.body);
    throw error;
  }
}

/** A file that was changed or removed meanwhile fails like a network. */
async function mustBeReadable(body: Blob): Promise<void> {
  try {
    await body.slice(0, 1).arrayBuffer();
  } catch (cause) {
    throw new FileError("The file can't be read any more: was it changed, moved or removed?", { cause });
  }
}

function withXhr({ url, headers, body, signal, onSent }: Put): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const xhr = new XMLHttpRequest();
    const abort = () => xhr.abort();
    const fail = (message: string) => reject(new NetworkError(message));
    const watch = new Watch(() => {
      fail("Nothing has moved for a minute.");
      xhr.abort();
    });
    xhr.open("PUT", url);
    for (const [name, value] of Object.entries(settable(headers))) xhr.setRequestHeader(name, value);
    xhr.upload.onprogress = ({ loaded }) => {
      watch.seen();
      onSent(loaded);
    };
    xhr.onload = () => {
      const { status, responseText: text } = xhr;
      // Browsers complain when a page asks for a header that the bucket's CORS rules don't show.
      const retryAfter = status > 299 ? xhr.getResponseHeader("retry-after") : null;
      resolve({ status, text, retryAfter });
    };
    xhr.onerror = () => fail("The store could not be reached, or gave an answer that this page may not read (CORS).");
    xhr.onabort = () => reject(signal.reason);
    xhr.onloadend = () => {
      watch.end();
      signal.removeEventListener("abort", abort);
    };
    signal.addEventListener("abort", abort);
    xhr.send(body);
  });
}

async function withFetch({ url, headers, body, signal }: Put): Promise<Answer> {
  const longest = AbortSignal.timeout(PATIENCE_MS + Math.ceil(body.size / SLOWEST) * 1000);
  try {
    const init = { method: "PUT", headers: settable(headers), body, signal: AbortSignal.any([signal, longest]) };
    const response = await fetch(url, init);
    const text = await response.text();
    return { status: response.status, text, retryAfter: response.headers.get("retry-after") };
  } catch (cause) {
    throw new NetworkError("The store could not be reached.", { cause });
  }
}

/** No script may set the length: it is that of the body, which is the same. */
function settable(headers: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => name.toLowerCase() !== "content-length"));
}

/** Calls out if nothing is seen for too long. */
class Watch {
  #timer: ReturnType<typeof setTimeout>;

  constructor(private readonly callOut: () => void) {
    this.#timer = setTimeout(callOut, PATIENCE_MS);
  }

  seen(): void {
    this.end();
    this.#timer = setTimeout(this.callOut, PATIENCE_MS);
  }

  end(): void {
    clearTimeout(this.#timer);
  }
}
