// How files are cut, and what counts as arrived.
import assert from "node:assert/strict";
import { test } from "node:test";

import { cut, missing, type Piece } from "../../src/pieces.js";

const never = (): Promise<string> => assert.fail("no checksum is wanted");
const numbers = (pieces: readonly Piece[]) => pieces.map(({ number }) => number);

test("parts lie end to end and the last has the rest", () => {
  assert.deepEqual(cut(11, 5), [
    { number: 1, begin: 0, end: 5 },
    { number: 2, begin: 5, end: 10 },
    { number: 3, begin: 10, end: 11 },
  ]);
  assert.deepEqual(cut(10, 5).length, 2);
  assert.deepEqual(cut(3, 5), [{ number: 1, begin: 0, end: 3 }]);
});

test("the largest file has as many parts as stores take", () => {
  const pieces = cut(50_000 * 2 ** 30, 5 * 2 ** 30);
  assert.equal(pieces.length, 10_000);
  assert.equal(pieces.at(-1)?.end, 50_000 * 2 ** 30);
});

test("what is not there, or is there with another size, is missing", async () => {
  const arrived = [
    { part_number: 1, size: 5, etag: '"a"' },
    { part_number: 3, size: 4, etag: '"c"' },
  ];
  assert.deepEqual(numbers(await missing(cut(15, 5), arrived, never)), [2, 3]);
});

test("what is there with other bytes is missing, where checksums say so", async () => {
  const arrived = [1, 2].map((number) => ({ part_number: number, size: 5, etag: '"a"', sha256: "aa" }));
  const digest = async ({ number }: Piece) => (number === 1 ? "aa" : "bb");
  assert.deepEqual(numbers(await missing(cut(10, 5), arrived, digest)), [2]);
});
