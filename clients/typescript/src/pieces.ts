// How a file is cut, and which of its parts the store still lacks.
import type { UploadedPart } from "./wire.js";

/** A part of a file: the bytes from `begin` to before `end`. */
export interface Piece {
  /** From 1. */
  readonly number: number;
  readonly begin: number;
  readonly end: number;
}

/** A file that goes in one PUT. */
export function whole(size: number): Piece {
  return { number: 1, begin: 0, end: size };
}

/** All parts of a file of this size. */
export function cut(size: number, partSize: number): Piece[] {
  const count = Math.ceil(size / partSize);
  return Array.from({ length: count }, (_, index) => {
    const begin = index * partSize;
    return { number: index + 1, begin, end: Math.min(begin + partSize, size) };
  });
}

/** The parts that have not arrived whole. One whose bytes are known to be others has not arrived. */
export async function missing(
  pieces: readonly Piece[],
  arrived: readonly UploadedPart[],
  sha256: (piece: Piece) => Promise<string>,
): Promise<Piece[]> {
  const stored = new Map(arrived.map((part) => [part.part_number, part]));
  const lacking: Piece[] = [];
  for (const piece of pieces) {
    const part = stored.get(piece.number);
    const isThere = part?.size === piece.end - piece.begin && (!part.sha256 || part.sha256 === (await sha256(piece)));
    if (!isThere) lacking.push(piece);
  }
  return lacking;
}
