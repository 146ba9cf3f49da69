// The example's page shows what became of each file, and never takes a name for more than text.
import assert from "node:assert/strict";

import { MIB, pngOf } from "../files.js";
import { chosen, kept, looks, play, row, slow } from "./stage.js";

const HOSTILE = `<img src=x onerror="document.title='hacked'">`;

await play(async ({ page, url, sluice, png }) => {
  await page.goto(url);
  const title = await page.title();
  await page.setInputFiles("#chooser", [
    chosen(HOSTILE, "image/png", "#!/bin/sh\necho hello\n"),
    chosen("pixel.png", "image/png", pngOf(100)),
    chosen("notes.exe", "application/x-msdownload", "MZ"),
  ]);

  await looks(page, "pixel.png", "confirmed");
  await looks(page, HOSTILE, "failed");
  const reasons = await row(page, HOSTILE).locator(".reasons li").allTextContents();
  assert.equal(reasons.length, 2);
  assert.match(reasons[1] ?? "", /image\/png was declared; the file is text\/x-shellscript/);
  await looks(page, "notes.exe", "failed");
  assert.match((await row(page, "notes.exe").locator(".status").textContent()) ?? "", /No policy takes/);
  assert.equal(await page.locator("img").count(), 0);
  assert.equal(await page.title(), title);
  assert.deepEqual(await kept(page), [], "what has ended is forgotten");

  await slow(page, 5 * MIB);
  await page.setInputFiles("#chooser", await png("never.png", 20 * MIB));
  await row(page, "never.png").getByText(/Sending: [1-9]/).waitFor();
  const [id = ""] = await kept(page);
  const answered = page.waitForResponse((response) => response.request().method() === "DELETE");
  await row(page, "never.png").getByRole("button", { name: "Cancel" }).click();
  await answered;
  assert.equal((await sluice.get(id)).status, "canceled");
  await looks(page, "never.png", "failed");
  assert.deepEqual(await kept(page), []);
});
