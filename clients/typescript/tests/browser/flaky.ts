// Whoever runs this breaks connections to Sluice and to the store. Files arrive nevertheless, each as one upload.
import assert from "node:assert/strict";

import { MIB, pngOf } from "../files.js";
import { chosen, looks, play } from "./stage.js";

await play(async ({ page, url, png }) => {
  const path = await png("film.png", 22 * MIB);
  await page.goto(url);
  await page.setInputFiles("#chooser", path);
  await looks(page, "film.png", "confirmed");
  await page.setInputFiles("#chooser", chosen("pixel.png", "image/png", pngOf(100)));
  await looks(page, "pixel.png", "confirmed");
  assert.equal(await page.locator(".upload").count(), 2);
});
