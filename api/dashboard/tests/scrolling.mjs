// Whoever scrolls down comes to all there is, and what has changed meanwhile is told where it stands.

import assert from "node:assert/strict";
import { play, until } from "./stage.mjs";

await play(
  async ({ page, client, line }) => {
    await page.getByText("Live", { exact: true }).waitFor();
    const uploads = await client.declareMany(120, (n) => `file-${String(n).padStart(3, "0")}.png`);
    const row = (n) => page.getByRole("row").filter({ hasText: `file-${String(n).padStart(3, "0")}.png` });
    const rows = () => page.locator("tbody tr").count();
    const cancel = (n) => client.ask("DELETE", `/v1/uploads/${uploads[n].id}`);
    await page.reload();
    await row(119).waitFor();
    assert.ok((await rows()) <= 100, "not all of it is asked for at once");

    await row(75).scrollIntoViewIfNeeded();
    await until("the next page is there", async () => (await rows()) > 50);
    const place = await row(75).boundingBox();
    await until("the list goes on", async () => {
      await page.mouse.wheel(0, 2000);
      return (await rows()) === 120;
    });
    await page.getByText("That is all of them: 120 uploads.").waitFor();
    assert.deepEqual(await page.locator("tbody tr .name").allTextContents(), uploads.map((upload) => upload.filename).reverse(), "each once, newest first");
    await row(75).scrollIntoViewIfNeeded();
    assert.equal((await row(75).boundingBox()).height, place.height);

    // What is told while the line is up.
    const before = await row(20).boundingBox();
    await cancel(20);
    await row(20).getByText("canceled").waitFor();
    await row(20).getByText("no longer matches").waitFor();
    assert.equal((await row(20).boundingBox()).y, before.y, "it has not moved");

    // And what nobody told.
    line.cut();
    await page.getByText("The connection to the API is lost.").waitFor();
    await cancel(10);
    await client.declare("while-away.png");
    line.mend();
    await row(10).getByText("canceled").waitFor();
    await page.getByRole("button", { name: "1 new" }).waitFor();
    assert.equal(await row(11).getByText("canceled").count(), 0);

    // Back at the top nobody reads them any more.
    await page.getByRole("button", { name: "1 new" }).click();
    await page.getByRole("row").filter({ hasText: "while-away.png" }).waitFor();
    await until("what has left is gone", async () => (await row(20).count()) + (await row(10).count()) === 0);
    assert.equal(await rows(), 119);
  },
  { at: "/uploads?status=pending" },
);
