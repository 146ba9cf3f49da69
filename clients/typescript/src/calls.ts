// The calls of the API that are about one upload.
import type { Api, Call } from "./api.js";
import type { Credential } from "./credential.js";
import { confirmed } from "./errors.js";
import { sleep } from "./retry.js";
import type { Download, PartList, RequestedPart, Upload, UploadedPart } from "./wire.js";

/** Asks that the answer be held until there is a verdict. */
const WAIT = { prefer: "wait=20" };
/** What answers sooner than asked, and without a verdict, is not asked again at once. */
const BETWEEN_LOOKS_MS = 1000;

/** One upload, and leave to call for it. */
export class Calls {
  readonly #path: string;

  constructor(
    private readonly api: Api,
    id: string,
    private readonly credential: Credential,
    private readonly signal: AbortSignal | undefined,
  ) {
    this.#path = `/v1/uploads/${encodeURIComponent(id)}`;
  }

  get(): Promise<Upload> {
    return this.#call("GET", "");
  }

  /** Waits for the verdict on what somebody else may still be sending. Leave to read is enough. */
  async wait(): Promise<Upload> {
    return this.#decided(await this.#held(), () => this.#held());
  }

  /** Waits for the verdict on what was sent from here. It may just have been looked at. */
  async verdict(looked?: Upload): Promise<Upload> {
    // More than a question: Sluice looks at once, should the store's event be lost.
    return this.#decided(looked ?? (await this.#held()), () => this.complete());
  }

  complete(): Promise<Upload> {
    return this.#call("POST", "/complete", undefined, WAIT);
  }

  /** The upload with a new grant; for parts, with the URLs of these. Tried once: who sends a part tries all of it again. */
  async renewOnce(parts?: readonly RequestedPart[]): Promise<Upload> {
    const upload = await this.api.once<Upload>(this.credential, this.to("POST", "/grant", parts && { parts }));
    this.credential.adopt(upload.upload_token?.token);
    return upload;
  }

  /** How the file is cut, and all parts that the store has. */
  async parts(): Promise<Omit<PartList, "has_more" | "next_cursor">> {
    const data: UploadedPart[] = [];
    for (let query = ""; ; ) {
      const page = await this.#call<PartList>("GET", `/parts${query}`);
      data.push(...page.data);
      if (!page.next_cursor) return { ...page, data };
      query = `?cursor=${encodeURIComponent(page.next_cursor)}`;
    }
  }

  cancel(): Promise<Upload> {
    return this.#call("DELETE", "");
  }

  download(disposition: "attachment" | "inline"): Promise<Download> {
    return this.#call("GET", `/download?disposition=${disposition}`);
  }

  /** The upload, as soon as there is a verdict, or after a while. */
  #held(): Promise<Upload> {
    return this.#call("GET", "", undefined, WAIT);
  }

  /** The upload, looked at until it is no longer pending, if it is confirmed then. */
  async #decided(upload: Upload, look: () => Promise<Upload>): Promise<Upload> {
    while (upload.status === "pending") {
      await sleep(BETWEEN_LOOKS_MS, this.signal);
      upload = await look();
    }
    return confirmed(upload);
  }

  #call<T>(...call: Parameters<Calls["to"]>): Promise<T> {
    return this.api.call<T>(this.credential, this.to(...call));
  }

  private to(method: Call["method"], path: string, body?: unknown, headers: Record<string, string> = {}): Call {
    return { method, path: this.#path + path, body, headers, signal: this.signal };
  }
}
