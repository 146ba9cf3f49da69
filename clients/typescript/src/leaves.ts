// The URLs to send parts to: renewed when they have ended, and never used again when they have failed.
import { SluiceError } from "./errors.js";
import type { Piece } from "./pieces.js";
import type { Grant } from "./wire.js";

/** Leave to put one part. */
export interface Leave {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
}

/** Asks for a grant with the URLs of these parts. */
type Renew = (pieces: readonly Piece[]) => Promise<Grant | undefined>;

/** A URL is not used so shortly before its end. */
const MARGIN_MS = 10_000;

/** The URLs of an upload's parts. */
export class Leaves {
  readonly #leaves = new Map<number, Leave & { readonly until: number }>();
  #renewing: Promise<void> = Promise.resolve();

  /** `atOnce` is for how many parts URLs are asked for at a time. */
  constructor(
    grant: Grant | undefined,
    private readonly atOnce: number,
    private readonly renew: Renew,
  ) {
    if (grant) this.#add(grant);
  }

  /** Leave for this part; if it has to be asked for, then also for those that come next. */
  async of(piece: Piece, next: readonly Piece[]): Promise<Leave> {
    // One call at a time: it may bring what the next wants.
    const renewing = this.#renewing.then(() => this.#ask(piece, next));
    this.#renewing = renewing.catch(() => undefined);
    await renewing;
    const leave = this.#leaves.get(piece.number);
    if (!leave) throw new SluiceError(`Sluice gave no URL for part ${piece.number}.`);
    return leave;
  }

  /** It has failed: it may have expired, and a store that refuses often hangs up before it can be heard why. */
  drop(piece: Piece): void {
    this.#leaves.delete(piece.number);
  }

  async #ask(piece: Piece, next: readonly Piece[]): Promise<void> {
    if (this.#has(piece)) return;
    const others = next.filter((other) => !this.#has(other)).slice(0, this.atOnce - 1);
    const grant = await this.renew([piece, ...others]);
    if (grant) this.#add(grant);
  }

  #has({ number }: Piece): boolean {
    const leave = this.#leaves.get(number);
    return leave !== undefined && performance.now() < leave.until;
  }

  #add(grant: Grant): void {
    const until = usableUntil(grant.expires_at, Date.now(), performance.now());
    for (const [number, { url, headers }] of leavesIn(grant)) this.#leaves.set(number, { url, headers, until });
  }
}

/** By our stopwatch, as clocks are set. A grant that seems to have ended when it comes shows that our clock is wrong. */
export function usableUntil(expiresAt: string, now: number, stopwatch: number): number {
  const left = Date.parse(expiresAt) - now - MARGIN_MS;
  return left > 0 ? stopwatch + left : Infinity;
}

function leavesIn(grant: Grant): [number, Leave][] {
  switch (grant.kind) {
    case "put":
      return [[1, grant]];
    case "multipart":
      return grant.parts.map((part) => [part.part_number, part]);
    default:
      throw new SluiceError(`A grant of the kind ${grant.kind} is not for this library.`);
  }
}
