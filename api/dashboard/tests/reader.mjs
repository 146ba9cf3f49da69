// Who may only look sees everything, and nothing to do.

import assert from "node:assert/strict";
import { play } from "./stage.mjs";

await play(
  async ({ page, client }) => {
    const upload = await client.declare("one.png");
    await page.getByRole("row").filter({ hasText: "one.png" }).waitFor();
    assert.equal(await page.getByRole("checkbox").count(), 0);
    assert.equal(await page.getByLabel("Act on all that match").count(), 0);
    for (const at of [`/uploads/${upload.id}`, "/dead-letters", "/dead-events", ""]) {
      await page.goto(new URL(`/dashboard${at}`, page.url()).href);
      await page.getByRole("heading", { level: 1 }).waitFor();
      await page.waitForLoadState("networkidle").catch(() => undefined);
      for (const name of ["Settle now", "Expire", "Cancel", "Delete", "Delete all", "Move all back", "Drop all", "Drop"]) {
        assert.equal(await page.getByRole("button", { name, exact: true }).count(), 0, `${name} at ${at}`);
      }
    }
    // It is not only hidden.
    const refused = await page.evaluate(async (id) => {
      const body = JSON.stringify({ action: "cancel", upload_ids: [id] });
      return (await fetch("/v1/operator/uploads/actions", { method: "POST", headers: { "content-type": "application/json" }, body })).status;
    }, upload.id);
    assert.equal(refused, 403);
  },
  { at: "/uploads" },
);
