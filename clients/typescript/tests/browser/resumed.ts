// A page dies in the middle of a file. The next one sends what has not arrived, and only that.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";

import type { Page } from "playwright-core";

import { digest, MIB, stored } from "../files.js";
import { kept, looks, partOf, play, slow } from "./stage.js";

const PARTS = 6;

/** A list of the parts that this page begins to put. */
function putsOf(page: Page): number[] {
  const puts: number[] = [];
  page.on("request", (request) => {
    const part = request.method() === "PUT" ? partOf(request.url()) : undefined;
    if (part !== undefined) puts.push(part);
  });
  return puts;
}

await play(async ({ context, page, url, sluice, png }) => {
  const path = await png("film.png", PARTS * 5 * MIB);
  await page.goto(url);
  await slow(page, 12 * MIB);
  const arrives = page.waitForEvent("requestfinished", (request) => partOf(request.url()) !== undefined);
  await page.setInputFiles("#chooser", path);
  await arrives;
  const [id = ""] = await kept(page);
  await page.close();
  const arrived = (await sluice.parts(id)).map(({ part_number }) => part_number);
  assert.ok(arrived.length > 0 && arrived.length < PARTS, `it died in the middle: ${arrived}`);

  const next = await context.newPage();
  const puts = putsOf(next);
  await next.goto(url);
  await looks(next, "film.png", "interrupted");
  await next.setInputFiles("#chooser", path);
  await looks(next, "film.png", "confirmed");
  assert.equal(await next.locator(".upload").count(), 1);
  const all = Array.from({ length: PARTS }, (_, index) => index + 1);
  assert.deepEqual([...arrived, ...puts].sort(), all, "each part was sent once");
  assert.equal(digest(await stored(sluice, id)), digest(await readFile(path)));
});
