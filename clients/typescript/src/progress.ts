// How far an upload has come, as it is told to `onProgress`.
import type { Piece } from "./pieces.js";

/**
 * What an upload is at. More may be added.
 *
 * - `declaring`: it is made known to Sluice.
 * - `sending`: bytes are on their way to the store.
 * - `waiting`: all have been sent, and the verdict is awaited.
 */
export type Phase = "declaring" | "sending" | "waiting";

/** How far an upload has come. */
export interface Progress {
  readonly phase: Phase;
  /** How many bytes have been sent. It falls where some have to be sent again. */
  readonly sent: number;
  /** How many bytes the file has. */
  readonly total: number;
}

/** Adds up what has been sent of each part, and tells it. */
export class Meter {
  readonly #ofPart = new Map<number, number>();
  #sent = 0;
  #phase: Phase | undefined;

  constructor(
    private readonly total: number,
    private readonly tell: ((progress: Progress) => void) | undefined,
    private readonly signal: AbortSignal | undefined,
  ) {}

  /** These parts have arrived, and no others. */
  arrived(pieces: readonly Piece[]): void {
    this.#ofPart.clear();
    for (const { number, begin, end } of pieces) this.#ofPart.set(number, end - begin);
    this.#sent = pieces.reduce((sum, { begin, end }) => sum + end - begin, 0);
  }

  enter(phase: Phase): void {
    if (phase === this.#phase) return;
    this.#phase = phase;
    this.#tell();
  }

  /** Of this part so many bytes have been sent by now. */
  sent(part: number, bytes: number): void {
    this.#sent += bytes - (this.#ofPart.get(part) ?? 0);
    this.#ofPart.set(part, bytes);
    this.#tell();
  }

  #tell(): void {
    // Who has stopped it wants to hear no more of it.
    if (this.signal?.aborted) return;
    this.tell?.({ phase: this.#phase ?? "declaring", sent: this.#sent, total: this.total });
  }
}
