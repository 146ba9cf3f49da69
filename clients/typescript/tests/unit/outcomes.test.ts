// What an upload comes to, and what is told of it on the way.
import assert from "node:assert/strict";
import { test } from "node:test";

import { CanceledError, confirmed, ExpiredError, NotConfirmedError, RejectedError } from "../../src/errors.js";
import { Meter, type Progress } from "../../src/progress.js";
import { declared } from "../../src/sluice.js";
import type { Upload, UploadStatus } from "../../src/wire.js";

const upload = (status: string): Upload => ({
  id: "019b3f7e-5c1d-7c43-9f0e-2b6f6f1f9a10",
  filename: "photo.png",
  content_type: "image/png",
  policy: "images",
  status: status as UploadStatus,
  created_at: "2026-11-24T12:00:00.000Z",
  deadline: "2026-11-24T13:00:00.000Z",
});

test("only a confirmed upload is a success, and every other end has its error", () => {
  assert.equal(confirmed(upload("confirmed")).status, "confirmed");
  const ends: [string, new (...args: never[]) => NotConfirmedError][] = [
    ["rejected", RejectedError],
    ["expired", ExpiredError],
    ["canceled", CanceledError],
    ["deleted", NotConfirmedError],
    ["quarantined", NotConfirmedError],
  ];
  for (const [status, error] of ends) assert.throws(() => confirmed(upload(status)), error, status);
});

test("a rejection says why, in sentences", () => {
  const reasons = [
    { code: "type_mismatch", detail: "It is a script." },
    { code: "too_large", detail: "It is too large." },
  ] as const;
  const error = new RejectedError({ ...upload("rejected"), reasons: [...reasons] });
  assert.equal(error.message, "It is a script. It is too large.");
  assert.deepEqual(error.reasons, reasons);
});

test("progress adds up over parts, takes back what has to be sent again, and ends with the signal", () => {
  const told: Progress[] = [];
  const stop = new AbortController();
  const meter = new Meter(20, (progress) => told.push(progress), stop.signal);
  meter.arrived([{ number: 1, begin: 0, end: 10 }]);
  meter.enter("sending");
  meter.enter("sending");
  meter.sent(2, 4);
  meter.sent(2, 0);
  meter.sent(2, 10);
  meter.enter("waiting");
  stop.abort();
  meter.sent(2, 0);
  assert.deepEqual(told.map(({ sent }) => sent), [10, 14, 10, 20, 20]);
  assert.deepEqual(told.at(-1), { phase: "waiting", sent: 20, total: 20 });
});

test("a file whose type nobody knows is declared as one of unknown type", () => {
  const typeOf = (type: string, contentType?: string) =>
    declared(new File(["x"], "a", { type }), contentType === undefined ? {} : { contentType }).content_type;
  assert.equal(typeOf(""), "application/octet-stream");
  assert.equal(typeOf("image/png"), "image/png");
  assert.equal(typeOf("", "text/csv"), "text/csv");
});
