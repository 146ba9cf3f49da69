// Sends a file as its grant says: in one PUT, or what is missing of its parts.
import type { Calls } from "./calls.js";
import { FileError, ProblemError, type SluiceError, StoreError } from "./errors.js";
import { Leaves } from "./leaves.js";
import { cut, missing, type Piece, whole } from "./pieces.js";
import { inParallel } from "./pool.js";
import type { Meter } from "./progress.js";
import { persist } from "./retry.js";
import { sha256 } from "./sha256.js";
import { put } from "./store.js";
import type { Grant, PartList, RequestedPart, Upload } from "./wire.js";

/** A file on its way. */
export interface Sending {
  readonly file: Blob;
  readonly upload: Upload;
  readonly calls: Calls;
  readonly meter: Meter;
  readonly signal: AbortSignal | undefined;
  /** How often each part is tried. */
  readonly tries: number;
  /** How many parts are sent at a time. */
  readonly parallel: number;
}

/** How a file is cut, and what has arrived of it. */
type Cutting = Pick<PartList, "part_size" | "part_sha256" | "data">;

/** How many URLs the API gives at a time. */
const URLS_AT_ONCE = 100;
/** How often a PUT is tried that the store forbids: with a new URL it goes well, if the age of the old one was to blame. */
const TRIES_OF_FORBIDDEN = 3;
/** How often parts are sent again that the store, when all had been sent, has not got. */
const ROUNDS = 3;

/** Sends what a new upload's grant is for. Gives the upload, where it has been looked at since. */
export async function send(sending: Sending, grant: Grant): Promise<Upload | undefined> {
  mustFit(sending);
  if (grant.kind !== "multipart") return sendWhole(sending, grant);
  // A grant without URLs does not say whether they want checksums.
  const isPlain = grant.parts.length > 0;
  return sendParts(sending, isPlain ? { ...grant, part_sha256: false, data: [] } : await sending.calls.parts(), grant);
}

/** Sends what is missing of an upload that was begun before. */
export async function sendRest(sending: Sending): Promise<Upload | undefined> {
  mustFit(sending);
  const cutting = await sending.calls.parts().catch((error: unknown) => {
    if (error instanceof ProblemError && error.code === "not_in_parts") return undefined;
    throw error;
  });
  return cutting ? sendParts(sending, cutting) : sendWhole(sending);
}

function mustFit({ file, upload }: Sending): void {
  if (upload.size !== undefined && upload.size !== file.size) {
    throw new FileError(`The file has ${file.size} bytes; ${upload.size} were declared.`);
  }
}

async function sendWhole(sending: Sending, grant?: Grant): Promise<undefined> {
  const { calls, file, meter } = sending;
  const leaves = new Leaves(grant, 1, async () => (await calls.renewOnce()).grant);
  meter.enter("sending");
  await sendPieces(sending, leaves, [whole(file.size)]);
}

async function sendParts(sending: Sending, cutting: Cutting, grant?: Grant): Promise<Upload> {
  const { file, calls, meter } = sending;
  const pieces = cut(file.size, cutting.part_size);
  const digest = (piece: Piece) => sha256(bytesOf(file, piece));
  const leaves = new Leaves(grant, cutting.part_sha256 ? 1 : URLS_AT_ONCE, async (wanted) => {
    const parts = wanted.map((piece) => requested(piece, cutting.part_sha256 ? digest : undefined));
    return (await calls.renewOnce(await Promise.all(parts))).grant;
  });
  let arrived = cutting.data;
  for (let round = 1; ; round++) {
    const lacking = new Set(await missing(pieces, arrived, digest));
    meter.arrived(pieces.filter((piece) => !lacking.has(piece)));
    meter.enter("sending");
    await sendPieces(sending, leaves, [...lacking]);
    meter.enter("waiting");
    try {
      return await calls.complete();
    } catch (error) {
      if (!(error instanceof ProblemError) || error.code !== "incomplete_parts" || round === ROUNDS) throw error;
      arrived = (await calls.parts()).data;
    }
  }
}

async function requested(piece: Piece, digest: ((piece: Piece) => Promise<string>) | undefined): Promise<RequestedPart> {
  const part = { part_number: piece.number };
  return digest ? { ...part, sha256: await digest(piece) } : part;
}

function sendPieces(sending: Sending, leaves: Leaves, pieces: readonly Piece[]): Promise<void> {
  const { parallel, signal, tries } = sending;
  return inParallel([...pieces.entries()], parallel, signal, ([index, piece], stop) => {
    const next = pieces.slice(index + 1, index + URLS_AT_ONCE);
    return persist(tries, stop, () => sendPiece(sending, leaves, piece, next, stop), isWorthAnother);
  });
}

async function sendPiece(
  { file, meter }: Sending,
  leaves: Leaves,
  piece: Piece,
  next: readonly Piece[],
  signal: AbortSignal,
): Promise<void> {
  const onSent = (bytes: number) => meter.sent(piece.number, bytes);
  const { url, headers } = await leaves.of(piece, next);
  try {
    await put({ url, headers, body: bytesOf(file, piece), signal, onSent });
  } catch (error) {
    if (isThereAlready(error)) return onSent(piece.end - piece.begin);
    onSent(0);
    leaves.drop(piece);
    throw error;
  }
}

/** Without a type of its own, which a browser would send as a header that the grant does not list. */
function bytesOf(file: Blob, { begin, end }: Piece): Blob {
  return file.slice(begin, end);
}

/** A PUT that goes in once did so at an earlier try, whose answer was lost. Whether it was ours the verdict tells. */
function isThereAlready(error: unknown): boolean {
  return error instanceof StoreError && error.status === 412;
}

function isWorthAnother(error: SluiceError, failures: number): boolean {
  return error.isPassing || (error instanceof StoreError && error.status === 403 && failures < TRIES_OF_FORBIDDEN);
}
