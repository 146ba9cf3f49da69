// Which URLs are asked for, and when.
import assert from "node:assert/strict";
import { test } from "node:test";

import { Leaves, usableUntil } from "../../src/leaves.js";
import { cut, type Piece } from "../../src/pieces.js";
import type { Grant } from "../../src/wire.js";

const PIECES = cut(1000, 10);

function granted(pieces: readonly Piece[], lifetime = 600_000): Grant {
  const expires_at = new Date(Date.now() + lifetime).toISOString();
  const parts = pieces.map(({ number }) => ({ part_number: number, size: 10, url: `https://store/${number}`, headers: {} }));
  return { kind: "multipart", method: "PUT", part_size: 10, part_count: 100, parts, expires_at };
}

/** A list of what was asked for, and leaves that ask. */
function asking(first: Grant | undefined, atOnce: number, lifetime?: number) {
  const asked: number[][] = [];
  const leaves = new Leaves(first, atOnce, async (pieces) => {
    asked.push(pieces.map(({ number }) => number));
    return granted(pieces, lifetime);
  });
  const of = (index: number) => leaves.of(PIECES[index] as Piece, PIECES.slice(index + 1));
  return { asked, leaves, of };
}

test("what the first grant has is used, and the rest is asked for many at a time", async () => {
  const { asked, of } = asking(granted(PIECES.slice(0, 2)), 50);
  for (let index = 0; index < 60; index++) assert.equal((await of(index)).url, `https://store/${index + 1}`);
  assert.deepEqual(asked.map((numbers) => [numbers[0], numbers.length]), [[3, 50], [53, 48]]);
});

test("those who ask at once cause one call", async () => {
  const { asked, of } = asking(undefined, 50);
  await Promise.all([of(0), of(1), of(2), of(3)]);
  assert.equal(asked.length, 1);
});

test("a URL that has failed is asked for anew, and no other", async () => {
  const { asked, leaves, of } = asking(granted(PIECES), 50);
  leaves.drop(PIECES[6] as Piece);
  await of(5);
  await of(6);
  assert.deepEqual(asked, [[7]]);
});

test("a URL is not used when its time is over", async () => {
  const { asked, of } = asking(granted(PIECES, 10_030), 1);
  await of(0);
  await new Promise((resolve) => setTimeout(resolve, 60));
  await of(0);
  assert.deepEqual(asked, [[1]]);
});

test("who asked in vain harms no other", async () => {
  let calls = 0;
  const leaves = new Leaves(undefined, 1, async (pieces) => {
    if (++calls === 1) throw new Error("lost");
    return granted(pieces);
  });
  const [lost, second] = await Promise.allSettled([1, 2].map((n) => leaves.of(PIECES[n] as Piece, [])));
  assert.deepEqual([lost?.status, second?.status], ["rejected", "fulfilled"]);
});

test("a grant ends some seconds early by the stopwatch, and a clock that is wrong is not believed", () => {
  const now = Date.parse("2026-11-24T12:00:00Z");
  assert.equal(usableUntil("2026-11-24T12:10:00.000Z", now, 5), 5 + 590_000);
  assert.equal(usableUntil("2026-11-24T11:00:00.000Z", now, 5), Infinity);
});

test("a form is not for this library", () => {
  const form: Grant = { kind: "post", method: "POST", url: "", fields: {}, expires_at: "2026-11-24T12:10:00.000Z" };
  assert.throws(() => new Leaves(form, 1, async () => undefined), /post is not for this library/);
});
