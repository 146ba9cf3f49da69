// What can keep an upload from being confirmed, as errors that `instanceof` tells apart.
import type { FieldError, Problem, Reason, Upload } from "./wire.js";

/** Whatever this library throws, but for the reason of an `AbortSignal`, which is thrown as it is. */
export class SluiceError extends Error {
  override name = "SluiceError";
  /** Whether the same can go well later. The library has tried it several times before it said so. */
  readonly isPassing: boolean = false;
  /** How long the server asks to wait before the next try, in seconds. */
  readonly retryAfter: number | undefined = undefined;
}

/** There was no answer: no network, no server, or one that says nothing. */
export class NetworkError extends SluiceError {
  override name = "NetworkError";
  override readonly isPassing = true;
}

/** Sluice did not serve a call, and says why. Match on `code`. */
export class ProblemError extends SluiceError {
  override name = "ProblemError";
  readonly status: number;
  readonly code: string;
  /** What is wrong in particular, where that can be said. */
  readonly errors: readonly FieldError[];
  /** Name it when you ask for help. */
  readonly requestId: string;
  override readonly isPassing: boolean;

  constructor(problem: Problem, override readonly retryAfter: number | undefined = undefined) {
    super(`${problem.title}: ${problem.detail}`);
    this.status = problem.status;
    this.code = problem.code;
    this.errors = problem.errors ?? [];
    this.requestId = problem.request_id;
    this.isPassing = isPassing(problem.status);
  }
}

/** What a store answers with where a slow network, and not the request, is to blame. */
const SLOW_NETWORK = ["RequestTimeout", "IncompleteBody"];

/** The store did not take the bytes. */
export class StoreError extends SluiceError {
  override name = "StoreError";
  override readonly isPassing: boolean;

  constructor(
    readonly status: number,
    /** The store's own name for it, such as `BadDigest`. */
    readonly code: string,
    override readonly retryAfter: number | undefined = undefined,
  ) {
    super(`The store answered ${status}${code && ` (${code})`}.`);
    // 409: another request for the same key was under way.
    this.isPassing = isPassing(status) || status === 409 || SLOW_NETWORK.includes(code);
  }
}

/** The file is not the one that was declared, or can't be read any more. */
export class FileError extends SluiceError {
  override name = "FileError";
}

/** The upload has ended, and is not confirmed. */
export class NotConfirmedError extends SluiceError {
  override name = "NotConfirmedError";

  constructor(message: string, readonly upload: Upload) {
    super(message);
  }
}

/** The file arrived and broke the policy or its declaration. */
export class RejectedError extends NotConfirmedError {
  override name = "RejectedError";
  /** All that was wrong with it, each with a sentence for people. */
  readonly reasons: readonly Reason[];

  constructor(upload: Upload) {
    const reasons = upload.reasons ?? [];
    super(reasons.map(({ detail }) => detail).join(" ") || "The file was rejected.", upload);
    this.reasons = reasons;
  }
}

/** The file did not come in time. */
export class ExpiredError extends NotConfirmedError {
  override name = "ExpiredError";

  constructor(upload: Upload) {
    super("The file did not come in time.", upload);
  }
}

/** The upload was taken back. */
export class CanceledError extends NotConfirmedError {
  override name = "CanceledError";

  constructor(upload: Upload) {
    super("The upload was canceled.", upload);
  }
}

/** The upload, which is no longer pending, if it is confirmed. */
export function confirmed(upload: Upload): Upload {
  switch (upload.status) {
    case "confirmed":
      return upload;
    case "rejected":
      throw new RejectedError(upload);
    case "expired":
      throw new ExpiredError(upload);
    case "canceled":
      throw new CanceledError(upload);
    default:
      throw new NotConfirmedError(`The upload is ${upload.status}.`, upload);
  }
}

function isPassing(status: number): boolean {
  return status === 408 || status === 429 || status >= 500;
}
