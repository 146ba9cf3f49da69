// What the library does in a page that no other test shows: expired URLs, signals, tokens, the feed.
import assert from "node:assert/strict";

import type { Page } from "playwright-core";

import type { Upload } from "../../src/index.js";
import { MIB, pngOf, setting, stored } from "../files.js";
import { play } from "./stage.js";

const SIZE = 7 * MIB;

/** How long the grants of the policy `brief` last, and a little. */
const BRIEF_MS = 2500;

interface How {
  readonly size?: number;
  readonly abortAt?: number;
  readonly resume?: boolean;
  /** Whether the file is written anew after it was chosen. */
  readonly changed?: boolean;
}

interface Outcome {
  readonly status?: string;
  readonly error?: string;
  /** The statuses of all answers that the page got. */
  readonly answers: readonly number[];
}

await play(async ({ page, url, sluice, png }) => {
  const film = { filename: "film.png", content_type: "image/png", size: SIZE };
  const declare = (policy: string) => sluice.create({ ...film, policy });
  await page.goto(url);
  await page.evaluate(() => {
    document.body.append(Object.assign(document.createElement("input"), { type: "file", id: "own" }));
  });
  const send = async (created: Upload, how: How) => {
    const size = how.size ?? SIZE;
    await page.setInputFiles("#own", await png(`${size}.png`, size));
    if (how.changed) await png(`${size}.png`, size);
    return sent(page, created, how);
  };

  const late = await declare("brief");
  await new Promise((resolve) => setTimeout(resolve, BRIEF_MS));
  const { status, answers } = await send(late, {});
  assert.equal(status, "confirmed");
  assert.ok(answers.includes(403), "the store refused a URL that had expired");
  assert.ok((await stored(sluice, late.id)).equals(pngOf(SIZE)));

  const stopped = await declare("parts");
  const aborted = await send(stopped, { abortAt: MIB });
  assert.equal(aborted.error, "AbortError");
  assert.equal((await sluice.get(stopped.id)).status, "pending", "a signal cancels nothing");
  const resumed = await send(stopped, { resume: true });
  assert.equal(resumed.status, "confirmed");

  const checked = await sluice.create({ ...film, part_sha256: true });
  assert.equal((await send(checked, {})).status, "confirmed");

  const other = await declare("parts");
  assert.equal((await send(other, { size: SIZE - 1 })).error, "FileError");
  assert.equal((await send(other, { changed: true })).error, "FileError", "it was written to after it was chosen");
  await sluice.cancel(other.id);
  assert.equal((await send(other, {})).error, "CanceledError");

  const watched = await sluice.create({ filename: "p.png", content_type: "image/png", size: 100 });
  const opened = page.waitForResponse((response) => response.url().includes("/v1/uploads/events"));
  const seen = watch(page, watched);
  await opened;
  assert.equal((await send(watched, { size: 100 })).status, "confirmed");
  assert.deepEqual(await seen, { id: watched.id, status: "confirmed" });
});

/** Sends the chosen file from the page, as whoever has nothing but the created upload. */
async function sent(page: Page, created: Upload, how: How): Promise<Outcome> {
  return page.evaluate(
    async ({ url, created, how }) => {
      const { Sluice } = await import("/client/index.js");
      const file = document.querySelector<HTMLInputElement>("#own")?.files?.[0] as File;
      const stop = new AbortController();
      const onProgress = ({ sent }: { sent: number }) => how.abortAt !== undefined && sent > how.abortAt && stop.abort();
      const options = { onProgress, signal: stop.signal, token: created.upload_token?.token };
      const client = new Sluice({ url });
      performance.clearResourceTimings();
      const sending = how.resume
        ? client.resume(created.id, file, options)
        : client.continueUpload(created, file, options);
      const outcome = await sending.then(({ status }) => ({ status }), (error: Error) => ({ error: error.name }));
      const timings = performance.getEntriesByType("resource") as PerformanceResourceTiming[];
      return { ...outcome, answers: timings.map(({ responseStatus }) => responseStatus) };
    },
    { url: setting("SLUICE_URL"), created, how },
  );
}

/** What the feed tells the holder of an upload's token that it has come to. */
async function watch(page: Page, { upload_token }: Upload): Promise<{ id: string; status: string } | undefined> {
  return page.evaluate(
    async ({ url, token }) => {
      const { Sluice } = await import("/client/index.js");
      for await (const { id, status } of new Sluice({ url }).watch({ token })) {
        if (status !== "pending") return { id, status };
      }
      return undefined;
    },
    { url: setting("SLUICE_URL"), token: upload_token?.token },
  );
}
