// Where something in between lets no live feed through, the page asks by itself and shows the same.

import assert from "node:assert/strict";
import { play, until } from "./stage.mjs";

await play(
  async ({ page, client }) => {
    await page.getByText("Polling", { exact: true }).waitFor();
    const row = (name) => page.getByRole("row").filter({ hasText: name });
    const [first] = await client.declareMany(60, (n) => `file-${n}.png`);
    await client.upload("new.png");
    await row("new.png").getByText("confirmed").waitFor();
    await until("the next page is there", async () => {
      await page.mouse.wheel(0, 2000);
      return (await row("file-0.png").count()) === 1;
    });
    await client.ask("DELETE", `/v1/uploads/${first.id}`);
    await row("file-0.png").getByText("canceled").waitFor({ timeout: 25_000 });
    assert.equal(await page.getByText("Live", { exact: true }).count(), 0);
    assert.equal(await page.getByRole("alert").count(), 0, "nothing is wrong");
  },
  { at: "/uploads", blocked: /\/v1\/operator\/events/ },
);
