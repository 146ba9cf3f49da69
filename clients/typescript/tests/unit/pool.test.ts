// Doing many things at a time.
import assert from "node:assert/strict";
import { test } from "node:test";

import { inParallel } from "../../src/pool.js";
import { sleep } from "../../src/retry.js";

test("all of it is done, and never too much at a time", async () => {
  let now = 0;
  let most = 0;
  const done: number[] = [];
  await inParallel([1, 2, 3, 4, 5, 6, 7], 3, undefined, async (item) => {
    most = Math.max(most, ++now);
    await sleep(1, undefined);
    now--;
    done.push(item);
  });
  assert.deepEqual([done.length, most], [7, 3]);
});

test("the first failure stops the others, and is what is thrown", async () => {
  const stopped: unknown[] = [];
  const work = inParallel([1, 2, 3, 4], 2, undefined, async (item, signal) => {
    if (item === 1) throw new Error("first");
    await sleep(60_000, signal).catch((reason: unknown) => stopped.push(reason));
  });
  await assert.rejects(work, /first/);
  assert.equal(stopped.length, 1, "the second was stopped, and the third not begun");
});

test("a signal stops all, and its reason is thrown", async () => {
  const stop = new AbortController();
  const work = inParallel([1, 2, 3], 2, stop.signal, (_, signal) => sleep(60_000, signal));
  stop.abort("enough");
  await assert.rejects(work, (reason) => reason === "enough");
});
