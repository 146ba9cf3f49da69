// The library's one class: sends files, and follows what becomes of them.
import { Api } from "./api.js";
import { Calls } from "./calls.js";
import { Credential } from "./credential.js";
import { NetworkError, ProblemError, SluiceError } from "./errors.js";
import { follow } from "./feed.js";
import { inParallel } from "./pool.js";
import { Meter, type Progress } from "./progress.js";
import { persist } from "./retry.js";
import { send, sendRest, type Sending } from "./send.js";
import { randomKey } from "./sha256.js";
import type { Declaration, Download, Grant, RequestedPart, Upload, UploadedPart, UploadStatus } from "./wire.js";

/** How Sluice is reached, and as whom. */
export interface Settings {
  /** Where the API is, such as `https://uploads.example.com`. */
  readonly url: string | URL;
  /** An API key. Never in a browser: whoever sees the page could use it for everything. */
  readonly key?: string;
  /** Asks your server for an upload's token, where none was given with the call or the one given has ended. */
  readonly getToken?: (uploadId: string) => Promise<string> | string;
  /** How many parts of a file are sent at a time: 4, if not said. */
  readonly parallel?: number;
  /** How often each request is tried before its failure is one: 10 times if not said, which takes a minute or so. */
  readonly tries?: number;
}

/** What a call about one upload may come with. */
export interface OfUpload {
  /** The upload's token, where the calls are not made with an API key. */
  readonly token?: string | undefined;
  /** Ends it. What is thrown then is the signal's reason. An upload is not canceled by that: it can go on with `resume`. */
  readonly signal?: AbortSignal | undefined;
}

/** How a file is sent. */
export interface SendOptions extends OfUpload {
  /** Told of every change. */
  readonly onProgress?: ((progress: Progress) => void) | undefined;
}

/** What is promised of a file, and how it is sent. */
export interface NewFile extends Omit<SendOptions, "token"> {
  /** The policy to be judged by; without one it is the first that takes the type. */
  readonly policy?: string;
  /** The name that downloads get: the file's, if not said. */
  readonly filename?: string;
  /** The type: the file's, if not said, or `application/octet-stream` where nobody knows it. */
  readonly contentType?: string;
  readonly metadata?: Readonly<Record<string, string>>;
  /** The file's SHA-256 in hexadecimal digits, for the store to check. Not for a file that goes in parts. */
  readonly sha256?: string;
  /** Has the store check the SHA-256 of each part, if the file goes in parts. It is worked out as parts are sent. */
  readonly partSha256?: boolean;
  /** With the same key and declaration the same upload is made, so that you can call again after a crash. */
  readonly idempotencyKey?: string;
}

/** The same, for one file. */
export interface UploadOptions extends NewFile {
  /** Told of the upload as soon as there is one: keep its `id` (and token) to go on with `resume` after a crash. */
  readonly onCreated?: (upload: Upload) => void;
}

/** Which changes of uploads to follow. */
export interface WatchOptions extends OfUpload {
  readonly status?: UploadStatus;
  readonly policy?: string;
}

/** How many files `uploadAll` sends at a time. */
const FILES_AT_ONCE = 3;

/** A client of one Sluice. It keeps nothing but its settings: make one, and use it for all. */
export class Sluice {
  readonly #settings: Settings;
  readonly #api: Api;
  readonly #tries: number;

  constructor(settings: Settings) {
    this.#settings = settings;
    this.#tries = settings.tries ?? 10;
    this.#api = new Api(settings.url, this.#tries);
  }

  /**
   * Declares an upload, for somebody else to send: a server hands what this gives to its page, which calls
   * `continueUpload` with it. Needs an API key.
   */
  async create(declaration: Declaration, options: { idempotencyKey?: string; signal?: AbortSignal } = {}): Promise<Upload> {
    const headers = { "idempotency-key": options.idempotencyKey ?? randomKey() };
    const call = { method: "POST", path: "/v1/uploads", body: declaration, headers, signal: options.signal } as const;
    return this.#api.call<Upload>(this.#owner(), call);
  }

  /**
   * Declares a file, sends it, and waits for the verdict. It gives the confirmed upload. Needs an API key.
   *
   * @throws {RejectedError} The file is not what it should be.
   * @throws {ProblemError} Sluice does not take the declaration, or the upload can't go on.
   * @throws {ExpiredError | CanceledError} The upload ended before the file was there.
   * @throws {NetworkError | StoreError} Trouble went on for too long: `resume` goes on from where it stopped.
   * @throws {FileError} The file was changed or removed meanwhile.
   */
  async upload(file: Blob, options: UploadOptions = {}): Promise<Upload> {
    const meter = meterOf(file, options);
    meter.enter("declaring");
    const upload = await this.create(declared(file, options), options);
    options.onCreated?.(upload);
    return this.#deliver(upload, file, options, meter);
  }

  /** The same for many files, a few at a time. Each has an outcome of its own, as with `Promise.allSettled`. */
  async uploadAll<F extends File>(
    files: readonly F[],
    options: Omit<NewFile, "filename" | "sha256" | "idempotencyKey" | "onProgress"> & {
      readonly onProgress?: (progress: Progress, file: F) => void;
    } = {},
  ): Promise<PromiseSettledResult<Upload>[]> {
    const outcomes: PromiseSettledResult<Upload>[] = [];
    await inParallel([...files.entries()], FILES_AT_ONCE, options.signal, async ([index, file], signal) => {
      const onProgress = (progress: Progress) => options.onProgress?.(progress, file);
      const [outcome] = await Promise.allSettled([this.upload(file, { ...options, signal, onProgress })]);
      outcomes[index] = outcome;
    });
    return outcomes;
  }

  /** Sends the file of an upload that was just declared, and waits for the verdict. It throws what `upload` throws. */
  async continueUpload(created: Upload, file: Blob, options: SendOptions = {}): Promise<Upload> {
    const token = options.token ?? (this.#settings.key ? undefined : created.upload_token?.token);
    return this.#deliver(created, file, { ...options, token }, meterOf(file, options));
  }

  /**
   * Goes on with an upload after the page or the machine died: sends what has not arrived, and waits for the verdict.
   * The file must be the same one: only its size can be checked, and what has arrived if `partSha256` was declared.
   * It throws what `upload` throws.
   */
  async resume(uploadId: string, file: Blob, options: SendOptions = {}): Promise<Upload> {
    const upload = await this.get(uploadId, options);
    return this.#deliver({ ...upload, grant: undefined }, file, options, meterOf(file, options));
  }

  /** The upload as it is now. */
  get(uploadId: string, options: OfUpload = {}): Promise<Upload> {
    return this.#calls(uploadId, options).get();
  }

  /**
   * Waits for the verdict, whoever sends the file, and gives the confirmed upload. Leave to read is enough. Who has sent the
   * file without this library calls `complete` before, so that Sluice looks at once. It throws what `upload` throws.
   */
  wait(uploadId: string, options: OfUpload = {}): Promise<Upload> {
    return this.#calls(uploadId, options).wait();
  }

  /** The upload with a new grant: for an upload in parts, with the URLs of these parts, up to 100. */
  renew(uploadId: string, parts?: readonly RequestedPart[], options: OfUpload = {}): Promise<Upload> {
    const calls = this.#calls(uploadId, options);
    return persist(this.#tries, options.signal, () => calls.renewOnce(parts));
  }

  /** The parts of the upload that the store has. */
  async parts(uploadId: string, options: OfUpload = {}): Promise<UploadedPart[]> {
    return (await this.#calls(uploadId, options).parts()).data;
  }

  /** Says that all has been sent. It gives the upload as it is then, after 20 seconds at the latest. */
  complete(uploadId: string, options: OfUpload = {}): Promise<Upload> {
    return this.#calls(uploadId, options).complete();
  }

  /** Takes a pending upload back. With an API key it also deletes a confirmed one, and its file. */
  cancel(uploadId: string, options: OfUpload = {}): Promise<Upload> {
    return this.#calls(uploadId, options).cancel();
  }

  /** A URL to get the confirmed file from. Needs an API key. */
  download(uploadId: string, disposition: "attachment" | "inline" = "attachment"): Promise<Download> {
    return this.#calls(uploadId, {}).download(disposition);
  }

  /**
   * Follows the changes of all your uploads; with an upload's token, of that one. It goes on until the loop around it
   * ends, and comes back by itself where a connection ends, without a gap.
   */
  watch({ status, policy, token, signal }: WatchOptions = {}): AsyncGenerator<Upload> {
    const wanted = Object.entries({ status, policy }).filter((entry): entry is [string, string] => entry[1] !== undefined);
    const query = wanted.length ? `?${new URLSearchParams(wanted)}` : "";
    const credential = token ? Credential.ofToken(token, undefined) : this.#owner();
    return follow(this.#api, credential, { query, signal }, this.#tries);
  }

  async #deliver(upload: Upload, file: Blob, options: SendOptions, meter: Meter): Promise<Upload> {
    const { signal } = options;
    const calls = this.#calls(upload.id, options);
    const { parallel = 4 } = this.#settings;
    const sending = { file, upload, calls, meter, signal, tries: this.#tries, parallel };
    const looked = await this.#sent(sending, upload.grant);
    meter.enter("waiting");
    return calls.verdict(looked);
  }

  /** Sends what is to be sent, unless the upload has ended: then that is what it comes to. */
  async #sent(sending: Sending, grant: Grant | undefined): Promise<Upload | undefined> {
    const { upload, calls, signal } = sending;
    if (upload.status !== "pending") return upload;
    try {
      return await (grant ? send(sending, grant) : sendRest(sending));
    } catch (error) {
      signal?.throwIfAborted();
      if (error instanceof NetworkError) throw error;
      const now = await calls.get().catch(() => upload);
      if (now.status !== "pending" || isPutTogether(error)) return now;
      throw error;
    }
  }

  #calls(uploadId: string, { token, signal }: OfUpload): Calls {
    return new Calls(this.#api, uploadId, this.#credential(uploadId, token), signal);
  }

  #credential(uploadId: string, token: string | undefined): Credential {
    const { key, getToken } = this.#settings;
    if (key && !token) return Credential.ofKey(key);
    return Credential.ofToken(token, getToken && (() => getToken(uploadId)));
  }

  #owner(): Credential {
    const { key } = this.#settings;
    if (!key) throw new SluiceError("This call needs an API key.");
    return Credential.ofKey(key);
  }
}

function meterOf(file: Blob, { onProgress, signal }: Pick<SendOptions, "onProgress" | "signal">): Meter {
  return new Meter(file.size, onProgress, signal);
}

/** What a file is called whose type the browser does not know. Few policies take it; the answer then says so. */
const UNKNOWN_TYPE = "application/octet-stream";

/** What is promised of a file. */
export function declared(file: Blob, options: NewFile): Declaration {
  const { policy, metadata, sha256, partSha256 } = options;
  return {
    filename: options.filename ?? ("name" in file ? String(file.name) : ""),
    content_type: options.contentType ?? (file.type || UNKNOWN_TYPE),
    size: file.size,
    policy,
    metadata,
    sha256,
    part_sha256: partSha256,
  };
}

/** The store has put the parts together: an earlier call of `complete` got through. */
function isPutTogether(error: unknown): boolean {
  return error instanceof ProblemError && error.code === "parts_gone";
}
