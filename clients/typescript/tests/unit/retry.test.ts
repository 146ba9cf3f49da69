// When something is tried again, and after how long.
import assert from "node:assert/strict";
import { test } from "node:test";

import { FileError, NetworkError, ProblemError, StoreError } from "../../src/errors.js";
import { delay, pause, persist, secondsOf, sleep } from "../../src/retry.js";

const problem = (status: number) =>
  new ProblemError({ type: "/problems/x", title: "X", status, detail: "X.", code: "x", request_id: "1" }, 0);

test("each delay is longer than the one before, up to a bound, and spread over half of it", () => {
  assert.deepEqual([1, 2, 3, 20].map((failures) => delay(failures, undefined, 1)), [300, 600, 1200, 20_000]);
  assert.deepEqual([1, 2, 3, 20].map((failures) => delay(failures, undefined, 0)), [150, 300, 600, 10_000]);
});

test("a server is given the time that it asks for, within reason", () => {
  assert.equal(delay(1, 7, 0), 7150);
  assert.equal(delay(1, 1e9, 0), 300_150);
});

test("a stream is opened again when the server wants it, spread over as long again", () => {
  assert.deepEqual([0, 0.5, 1].map((chance) => pause(2000, 0, undefined, chance)), [2000, 3000, 4000]);
});

test("a stream that keeps failing is opened again later and later, and not before Retry-After", () => {
  assert.deepEqual([1, 4, 5, 6, 20].map((failures) => pause(2000, failures, undefined, 0)), [2000, 2000, 2400, 4800, 10_000]);
  assert.equal(pause(2000, 1, 30, 0), 30_150);
});

test("a server that wants a stream opened again at once, or never, is not obeyed", () => {
  assert.equal(pause(0, 0, undefined, 0), 500);
  assert.equal(pause(1e12, 0, undefined, 0), 300_000);
});

test("Retry-After is read as a number and as a date", () => {
  const now = Date.parse("2026-11-24T12:00:00Z");
  assert.equal(secondsOf("120", now), 120);
  assert.equal(secondsOf("Tue, 24 Nov 2026 12:00:30 GMT", now), 30);
  assert.equal(secondsOf("Tue, 24 Nov 2026 11:00:00 GMT", now), 0);
  for (const nothing of [null, "", "soon"]) assert.equal(secondsOf(nothing, now), undefined);
});

test("what can pass is tried again, and what can't is not", () => {
  const passing = [new NetworkError(), problem(503), problem(429), new StoreError(500, ""), new StoreError(409, "")];
  const lasting = [problem(404), problem(422), new StoreError(403, ""), new StoreError(400, "BadDigest"), new FileError()];
  assert.deepEqual(passing.map(({ isPassing }) => isPassing), passing.map(() => true));
  assert.deepEqual(lasting.map(({ isPassing }) => isPassing), lasting.map(() => false));
  assert.ok(new StoreError(400, "RequestTimeout").isPassing, "a slow network is nobody's fault");
});

test("it goes on until it goes well", async () => {
  let tries = 0;
  const result = await persist(3, undefined, async () => {
    if (++tries < 3) throw problem(503);
    return "well";
  });
  assert.deepEqual([result, tries], ["well", 3]);
});

test("it ends with the last failure when it has failed often enough, and at once when it fails for good", async () => {
  let tries = 0;
  const fail = (error: Error) => async () => {
    tries++;
    throw error;
  };
  await assert.rejects(persist(2, undefined, fail(problem(503))), ProblemError);
  await assert.rejects(persist(2, undefined, fail(problem(404))), ProblemError);
  await assert.rejects(persist(2, undefined, fail(new TypeError("a mistake of ours"))), TypeError);
  assert.equal(tries, 4);
});

test("who waits hears the signal, and gets its reason", async () => {
  const stop = new AbortController();
  const waiting = sleep(60_000, stop.signal);
  stop.abort("enough");
  await assert.rejects(waiting, (reason) => reason === "enough");
  await assert.rejects(sleep(60_000, AbortSignal.abort("before")), (reason) => reason === "before");
});
