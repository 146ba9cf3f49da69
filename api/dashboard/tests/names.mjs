// Names that clients choose stay text, and hide nothing. The names are given, and are in the database.

import assert from "node:assert/strict";
import { play } from "./stage.mjs";

// Some of them are refused today. Rows from before that rule have them still.
const NAMES = JSON.parse(process.env.SLUICE_TEST_NAMES);

await play(
  async ({ page, client }) => {
    await page.getByRole("row").nth(NAMES.length).waitFor();
    const uploads = (await client.ask("GET", "/v1/uploads")).data;
    const shown = await page.getByRole("row").getByRole("link").allTextContents();
    assert.deepEqual(
      shown.sort(),
      NAMES.map((name) => name.replaceAll(/[\u202E\u200B\u2066]/g, (one) => `U+${one.codePointAt(0).toString(16).toUpperCase()}`)).sort(),
    );
    for (const upload of uploads) {
      await page.goto(new URL(`/dashboard/uploads/${upload.id}`, page.url()).href);
      await page.getByRole("heading", { level: 1 }).waitFor();
      await page.getByText("As the API tells it").click();
      await page.locator("pre").waitFor();
      assert.equal(await page.locator("main img, main script").count(), 0, upload.filename);
      assert.match(await page.title(), / · Sluice$/);
      const turning = await page.evaluate(() => /[\u202A-\u202E\u2066-\u2069\u200B]/.test(document.documentElement.innerText + document.title));
      assert.ok(!turning, `${upload.filename}: what turns the writing around is shown and not obeyed`);
      await page.getByRole("button", { name: "Cancel" }).click();
      await page.getByRole("dialog", { name: "Cancel 1 upload?" }).getByRole("listitem").waitFor();
      await page.keyboard.press("Escape");
    }
  },
  { at: "/uploads" },
);
