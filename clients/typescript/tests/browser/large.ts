// A file of sixty megabytes goes in parts: its progress rises by bytes, not by parts, and every byte arrives.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";

import { digest, MIB, stored } from "../files.js";
import { kept, looks, play, slow } from "./stage.js";

const SIZE = 60 * MIB + 123;
const PART = 5 * MIB;

await play(async ({ page, url, sluice, png }) => {
  const path = await png("film.png", SIZE);
  await page.goto(url);
  await slow(page, 60 * MIB);
  await page.evaluate(() => {
    const seen: number[] = [];
    Object.assign(globalThis, { seen });
    const bars = new MutationObserver(() => seen.push(document.querySelector("progress")?.value ?? 0));
    bars.observe(document.body, { subtree: true, attributes: true, attributeFilter: ["value"] });
  });
  await page.setInputFiles("#chooser", path);
  await page.waitForFunction(() => Object.keys(localStorage).length > 0);
  const [id = ""] = await kept(page);
  await looks(page, "film.png", "confirmed");

  const seen = await page.evaluate(() => (globalThis as unknown as { seen: number[] }).seen);
  assert.deepEqual(seen, [...seen].sort((one, other) => one - other), "it never falls");
  assert.equal(seen.at(-1), 1);
  const amidParts = seen.filter((value) => value > 0 && value < 1 && Math.round(value * SIZE) % PART !== 0);
  assert.ok(amidParts.length >= 10, `it rises by bytes: ${amidParts.length} of ${seen.length}`);
  assert.equal((await sluice.get(id)).object?.size, SIZE);
  assert.equal(digest(await stored(sluice, id)), digest(await readFile(path)));
});
