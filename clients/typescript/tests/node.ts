// The same library in Node.js, with an API key: from files on the disk, many at once, and again after a crash.
import assert from "node:assert/strict";
import { openAsBlob } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { ProblemError, type Progress, RejectedError, Sluice } from "../src/index.js";
import { MIB, pngOf, setting, stored } from "./files.js";

const sluice = new Sluice({ url: setting("SLUICE_URL"), key: setting("SLUICE_API_KEY") });
const folder = await mkdtemp(join(tmpdir(), "sluice-node-"));

async function onDisk(name: string, size: number): Promise<Blob> {
  const path = join(folder, name);
  await writeFile(path, pngOf(size));
  return openAsBlob(path, { type: "image/png" });
}

async function aFileOnTheDiskIsSent(): Promise<void> {
  const told: Progress[] = [];
  const options = { filename: "pixel.png", metadata: { album: "Paris" }, onProgress: (p: Progress) => told.push(p) };
  const upload = await sluice.upload(await onDisk("pixel.png", 100), options);
  assert.deepEqual([upload.status, upload.filename, upload.metadata], ["confirmed", "pixel.png", { album: "Paris" }]);
  assert.deepEqual([...new Set(told.map(({ phase }) => phase))], ["declaring", "sending", "waiting"]);
  assert.equal(told.at(-1)?.sent, 100);
}

async function aLargeOneGoesInPartsThatAreChecked(): Promise<void> {
  const upload = await sluice.upload(await onDisk("film.png", 17 * MIB), { filename: "film.png", partSha256: true });
  assert.ok((await stored(sluice, upload.id)).equals(pngOf(17 * MIB)));
}

async function whatIsWrongIsSaid(): Promise<void> {
  const script = new File(["#!/bin/sh\n"], "holiday.png", { type: "image/png" });
  await assert.rejects(sluice.upload(script), (error) => {
    assert.ok(error instanceof RejectedError);
    assert.deepEqual(error.reasons.map(({ code }) => code), ["type_not_allowed", "type_mismatch"]);
    return true;
  });
  const unknown = new File(["MZ"], "setup.exe", { type: "application/x-msdownload" });
  await assert.rejects(sluice.upload(unknown), (error) => error instanceof ProblemError && error.status === 422);
}

async function ofManyEachHasItsOutcome(): Promise<void> {
  const file = (name: string, bytes: BlobPart) => new File([bytes], name, { type: "image/png" });
  const contents = [pngOf(100), "no picture", pngOf(101), pngOf(102)];
  const files = contents.map((bytes, index) => file(`${index}.png`, bytes));
  const outcomes = await sluice.uploadAll(files, { policy: "parts" });
  assert.deepEqual(outcomes.map(({ status }) => status), ["fulfilled", "rejected", "fulfilled", "fulfilled"]);
}

async function theSameCallGoesOnWithTheSameUpload(): Promise<void> {
  const file = await onDisk("again.png", 12 * MIB);
  const stop = new AbortController();
  let id = "";
  const onCreated = (upload: { id: string }) => void (id = upload.id);
  const options = { filename: "again.png", idempotencyKey: "once", onCreated };
  const onProgress = ({ sent }: Progress) => sent > 0 && stop.abort();
  await assert.rejects(sluice.upload(file, { ...options, onProgress, signal: stop.signal }), { name: "AbortError" });
  const first = id;
  assert.equal((await sluice.upload(file, options)).id, first);
}

async function whoKnowsTheIdGoesOn(): Promise<void> {
  const file = await onDisk("rest.png", 12 * MIB);
  const upload = await sluice.create({ filename: "rest.png", content_type: "image/png", size: file.size });
  assert.equal((await sluice.resume(upload.id, file)).status, "confirmed");
  assert.equal((await sluice.resume(upload.id, file)).status, "confirmed", "there is nothing left to send");
  const whole = await sluice.create({ filename: "a.png", content_type: "image/png", size: 100 });
  assert.equal((await sluice.resume(whole.id, new Blob([pngOf(100)]))).status, "confirmed");
}

async function theFeedTellsOfAll(): Promise<void> {
  const seen: string[] = [];
  const watching = (async () => {
    for await (const { status } of sluice.watch({ status: "confirmed" })) if (seen.push(status) === 2) return;
  })();
  // The stream begins when it is opened.
  await new Promise((resolve) => setTimeout(resolve, 500));
  await sluice.uploadAll([1, 2].map((n) => new File([pngOf(100 + n)], `${n}.png`, { type: "image/png" })));
  await watching;
  assert.deepEqual(seen, ["confirmed", "confirmed"]);
}

for (const step of [
  aFileOnTheDiskIsSent,
  aLargeOneGoesInPartsThatAreChecked,
  whatIsWrongIsSaid,
  ofManyEachHasItsOutcome,
  theSameCallGoesOnWithTheSameUpload,
  whoKnowsTheIdGoesOn,
  theFeedTellsOfAll,
]) {
  console.log(step.name);
  await step();
}
await rm(folder, { recursive: true });
